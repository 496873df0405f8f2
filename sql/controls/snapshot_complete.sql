-- One row a scope: is what it is judged by whole and fresh?
-- id: snapshot-complete
-- title: The data that is judged is whole and fresh
-- severity: critical
-- version: 2
-- subject: scope
-- gate: yes
-- worse: higher
-- parameters: max_scope_lag_hours
-- remedy: See meta.scopes and meta.snapshots for what went wrong, mend it, and run again.
with snapshots as (
    select * from staging.stg_snapshots
),

scopes as (
    select * from staging.stg_scopes
),

landed as (
    select * from meta.snapshots where is_current
),

rejected as (
    -- A record that was sent twice lost nothing.
    select scope, snapshot_id, count(*) as rejects
    from meta.rejects
    where not is_repeat
    group by scope, snapshot_id
),

judged as (
    select
        s.scope,
        s.snapshot_id,
        s.as_of,
        e.stale_reason,
        coalesce(r.rejects, 0) as rejects,
        coalesce(n.unread, 0) as unread,
        case
            when e.is_stale then 'stale'
            when r.rejects > 0 then 'records_rejected'
            when n.unread > 0 then 'details_unread'
            else 'complete'
        end as reason_code
    from snapshots as s
    inner join scopes as e on s.scope = e.scope
    inner join landed as n on s.scope = n.scope and s.snapshot_id = n.snapshot_id
    left join rejected as r on s.scope = r.scope and s.snapshot_id = r.snapshot_id
)

select
    scope,
    snapshot_id,
    scope as subject_id,
    case when reason_code = 'complete' then 'pass' else 'fail' end as status,
    reason_code,
    case reason_code
        when 'stale' then 'Older data stands in: ' || coalesce(stale_reason, 'nobody says why') || '.'
        when 'records_rejected' then cast(rejects as varchar) || ' records could not be loaded: see meta.rejects.'
        when 'details_unread' then 'The details of ' || cast(unread as varchar) || ' backups were not to be had.'
        else 'Everything that the service has was read.'
    end as reason,
    rejects + unread as measured_value,
    'records' as measured_unit,
    0 as threshold_value,
    cast(array[] as varchar[]) as evidence_backup_ids,
    case when reason_code <> 'complete' then as_of end as failing_since
from judged
