-- One row a backup that was ever begun where its resource lives: how it ended, be it there or gone.
-- kind: view
with lives as (
    select * from history.backup_lifecycle where not is_replica
),

snapshots as (
    select * from staging.stg_snapshots
),

settings as (
    select * from policy.settings
)

select
    l.scope,
    s.snapshot_id,
    s.as_of,
    l.backup_id,
    l.resource_id,
    l.resource_name,
    l.vault_id,
    l.created_at,
    l.updated_at,
    l.expired_at,
    l.is_auto,
    l.status,
    l.first_seen,
    l.gone_at,
    l.was_usable,
    l.dependable_until,
    l.disappearance,
    l.created_at >= s.as_of - t.gap_window_days * interval '1' day as is_in_window, -- BOOLEAN: Begun within the window that attempts are counted in.
    case
        when l.protected_at >= l.created_at - t.clock_skew_seconds * interval '1' second
            and l.protected_at <= coalesce(l.updated_at, l.last_seen) + t.clock_skew_seconds * interval '1' second
            then l.protected_at
        else l.created_at
    end as rp_time, -- TIMESTAMP: The moment that it brings back, or did.
    case
        when l.status in ('available', 'restoring', 'waiting_restore') then 'succeeded'
        when l.status = 'error' or l.was_failed then 'failed'
        when l.was_usable then 'succeeded'
        when l.status in ('protecting', 'waiting_protect') and l.gone_at is null then 'in_flight'
        when l.status in ('protecting', 'waiting_protect', 'deleting', 'waiting_delete') then 'removed'
        else 'unknown'
    end as outcome -- VARCHAR: succeeded, failed, in_flight, removed (before any snapshot saw how it ended), or unknown.
from lives as l
inner join snapshots as s on l.scope = s.scope
inner join settings as t on s.scope = t.scope and s.snapshot_id = t.snapshot_id
where l.created_at <= s.as_of + t.clock_skew_seconds * interval '1' second
