-- One row per scope: is what it is judged by whole and fresh?
-- id: snapshot-complete
-- title: The data that is judged is whole and fresh
-- severity: critical
-- version: 2
-- subject: scope
-- gate: yes
-- worse: higher
-- parameters: max_scope_lag_hours
-- remedy: See meta.scopes and meta.snapshots for what went wrong, mend it, and run again.
-- reasons:
--   complete: pass: Everything that the service has was read.
--   stale: fail: Older data stands in: {stale_reason}.
--   records_rejected: fail: {rejects} records could not be loaded: see meta.rejects.
--   details_unread: fail: The details of {unread} backups were not to be had.
with rejected_records as (
    -- A record that was sent twice lost nothing.
    select scope, count(*) as rejects
    from meta.rejects
    where not is_repeat
    group by scope
),

current_snapshots as (
    select scope, unread from meta.snapshots where is_current
)

select
    scope,
    snapshots.snapshot_id,
    scope as subject_id,
    case
        when scopes.is_stale then 'stale'
        when rejected_records.rejects > 0 then 'records_rejected'
        when current_snapshots.unread > 0 then 'details_unread'
        else 'complete'
    end as reason_code,
    coalesce(rejected_records.rejects, 0) + coalesce(current_snapshots.unread, 0) as measured_value,
    'records' as measured_unit,
    0 as threshold_value,
    snapshots.as_of as failing_since,
    coalesce(scopes.stale_reason, 'nobody says why') as stale_reason,
    rejected_records.rejects,
    current_snapshots.unread
from staging.stg_snapshots as snapshots
inner join staging.stg_scopes as scopes using (scope)
inner join current_snapshots using (scope)
left join rejected_records using (scope)
