-- One row a recovery point: is it application-consistent, where that is asked for?
-- id: app-consistency-achieved
-- title: Backups are application-consistent where that is asked for
-- severity: medium
-- version: 1
-- subject: recovery_point
-- parameters: app_consistency
-- remedy: Look up the error code; usually the agent in the server is missing, old or stopped.
with points as (
    select * from intermediate.int_recovery_points
),

demands as (
    select * from intermediate.int_requirements
),

judged as (
    select
        p.*,
        case
            when p.level in ('volume', 'turbo', 'other') then 'not_a_server'
            when d.app_consistency <> 'required' then 'not_required'
            when p.state = 'unknown' then 'status_not_known'
            when not p.is_usable then 'not_usable'
            when coalesce(p.app_consistency_error_code, '0') not in ('0', '') then 'failed'
            when p.app_consistency_status = '1' then 'consistent'
            when p.app_consistency_status = '0' then 'not_consistent'
            else 'not_said'
        end as reason_code
    from points as p
    inner join demands as d
        on p.scope = d.scope and p.snapshot_id = d.snapshot_id and p.resource_id = d.resource_id
)

select
    scope,
    snapshot_id,
    backup_id as subject_id,
    case
        when reason_code in ('not_a_server', 'not_required', 'not_usable') then 'not_applicable'
        when reason_code = 'consistent' then 'pass'
        when reason_code in ('failed', 'not_consistent') then 'fail'
        else 'unknown'
    end as status,
    reason_code,
    case reason_code
        when 'not_a_server' then 'It is not the backup of a server.'
        when 'not_required' then 'The tier does not ask for application consistency.'
        when 'status_not_known' then 'Its status is not a documented one: ' || coalesce(status, 'none') || '.'
        when 'not_usable' then 'Its status is ' || status || ', so nothing can be restored from it.'
        when 'failed' then 'Application consistency failed: ' || app_consistency_error_code || ', ' || coalesce(nullif(app_consistency_error_message, ''), 'no reason given') || '.'
        when 'consistent' then 'It is application-consistent.'
        when 'not_consistent' then 'It is not application-consistent.'
        else 'It does not say whether it is application-consistent.'
    end as reason,
    cast(null as double) as measured_value,
    cast(null as varchar) as measured_unit,
    cast(null as double) as threshold_value,
    cast(null as varchar[]) as evidence_backup_ids,
    case when reason_code in ('failed', 'not_consistent') then created_at end as failing_since
from judged
