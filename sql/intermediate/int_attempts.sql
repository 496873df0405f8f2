-- One row a backup that was begun where its resource lives, within the window that attempts are counted in: how it
-- ended, be it there or gone.
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
    case
        when l.protected_at >= l.created_at - t.clock_skew_seconds * interval '1' second
            and l.protected_at <= coalesce(l.updated_at, l.last_seen) + t.clock_skew_seconds * interval '1' second
            then l.protected_at
        else l.created_at
    end as rp_time, -- TIMESTAMP: The moment that it brings back, or did.
    case
        when l.was_usable then 'succeeded'
        when l.status = 'error' or l.was_failed then 'failed'
        when l.status in ('protecting', 'waiting_protect') then case when l.gone_at is null then 'in_flight' else 'failed' end
        when l.status in ('deleting', 'waiting_delete') then 'removed'
        else 'unknown'
    end as outcome -- VARCHAR: succeeded, failed, in_flight, removed (before any snapshot saw how it ended), or unknown.
from lives as l
inner join snapshots as s on l.scope = s.scope
inner join settings as t on s.scope = t.scope and s.snapshot_id = t.snapshot_id
where l.created_at >= s.as_of - t.gap_window_days * interval '1' day and l.created_at <= s.as_of + t.clock_skew_seconds * interval '1' second
