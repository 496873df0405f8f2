-- One row per scope: is its data complete and up to date?
-- id: snapshot-complete
-- title: The data is complete and up to date
-- severity: critical
-- version: 2
-- subject: scope
-- gate: yes
-- worse: higher
-- parameters: max_scope_lag_hours
-- remedy: See meta.scopes and meta.snapshots for the problem, fix it, and run again.
-- reasons:
--   complete: pass: All data of the service was read.
--   stale: fail: Older data is used: {stale_reason}.
--   records_rejected: fail: {rejects} records were rejected: see meta.rejects.
--   details_unread: fail: The details of {unread} backups could not be read.
with rejected_records as (
    -- A record that was sent twice is no loss.
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
