-- One row per backup, except copies, that was ever started: its outcome, even if it has
-- disappeared.
-- kind: view
select
    scope,
    snapshots.snapshot_id,
    snapshots.as_of,
    lives.backup_id,
    lives.resource_id,
    lives.resource_name,
    lives.vault_id,
    lives.created_at,
    lives.updated_at,
    lives.expired_at,
    lives.is_auto,
    status, -- VARCHAR: Last known status of the backup.
    coalesce(statuses.state, 'unknown')
        as state, -- VARCHAR: State of that status: usable, in_flight, going, failed or unknown.
    lives.first_seen,
    lives.gone_at,
    lives.was_usable,
    lives.dependable_until,
    lives.disappearance,
    lives.created_at >= snapshots.as_of - settings.gap_window_days * interval '1' day
        as is_in_window, -- BOOLEAN: Whether the backup was started within the window for attempts.
    case
        when lives.protected_at
            >= lives.created_at - settings.clock_skew_seconds * interval '1' second
            and lives.protected_at
                <= coalesce(lives.updated_at, lives.last_seen)
                + settings.clock_skew_seconds * interval '1' second
            then lives.protected_at
        else lives.created_at
    end as rp_time, -- TIMESTAMP: When its data was captured.
    -- A backup that was removed before a snapshot had its outcome is neither a success nor a
    -- failure.
    case
        when statuses.state = 'usable' then 'succeeded'
        when statuses.state = 'failed' or lives.was_failed then 'failed'
        when lives.was_usable then 'succeeded'
        when statuses.state = 'in_flight' and lives.gone_at is null then 'in_flight'
        when statuses.state in ('in_flight', 'going') then 'removed'
        else 'unknown'
    end as outcome -- VARCHAR: succeeded, failed, in_flight, removed or unknown.
from history.backup_lifecycle as lives
inner join staging.stg_snapshots as snapshots using (scope)
inner join policy.settings using (scope)
left join staging.stg_statuses as statuses using (status)
where not lives.is_replica
    and lives.created_at <= snapshots.as_of + settings.clock_skew_seconds * interval '1' second
