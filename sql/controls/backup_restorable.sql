-- One row a recovery point: does the service say how a server can be restored from it?
-- id: backup-restorable
-- title: Each server backup says how it can be restored
-- severity: medium
-- version: 1
-- subject: recovery_point
-- parameters: none
-- remedy: Try a restore of one of these: the service's pages disagree about what na means.
with points as (
    select * from intermediate.int_recovery_points
),

judged as (
    select
        *,
        case
            when level in ('volume', 'turbo', 'other') then 'not_a_server'
            when state = 'unknown' then 'status_not_known'
            when not is_usable then 'not_usable'
            when level = 'unknown' then 'type_not_known'
            when supported_restore_mode in ('backup', 'snapshot') then 'restorable'
            when not detail_loaded and supported_restore_mode is null then 'details_not_read'
            when coalesce(supported_restore_mode, 'na') = 'na' then 'restore_mode_na'
            else 'mode_not_known'
        end as reason_code
    from points
)

select
    scope,
    snapshot_id,
    backup_id as subject_id,
    case
        when reason_code in ('not_a_server', 'not_usable') then 'not_applicable'
        when reason_code = 'restorable' then 'pass'
        when reason_code = 'restore_mode_na' then 'fail'
        else 'unknown'
    end as status,
    reason_code,
    case reason_code
        when 'not_a_server' then 'It is not the backup of a server.'
        when 'status_not_known' then 'Its status is not a documented one: ' || coalesce(status, 'none') || '.'
        when 'not_usable' then 'Its status is ' || status || ', so nothing can be restored from it.'
        when 'type_not_known' then 'Its resource type is not a documented one: ' || coalesce(resource_type, 'none') || '.'
        when 'restorable' then 'It can be restored by ' || supported_restore_mode || '.'
        when 'details_not_read' then 'Its details were not read, so nothing is known of it.'
        when 'restore_mode_na' then 'It names ' || coalesce(supported_restore_mode, 'no restore mode') || ': one page of the service says that it can not be restored, another that it can only make new resources.'
        else 'Its restore mode is not a documented one: ' || supported_restore_mode || '.'
    end as reason,
    cast(null as double) as measured_value,
    cast(null as varchar) as measured_unit,
    cast(null as double) as threshold_value,
    cast(null as varchar[]) as evidence_backup_ids,
    case when reason_code = 'restore_mode_na' then created_at end as failing_since
from judged
