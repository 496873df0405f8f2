-- One row a resource: did its newest finished backup end well?
-- id: resource-latest-attempt-succeeded
-- title: The newest finished backup ended well
-- severity: high
-- version: 2
-- subject: resource
-- parameters: none
-- remedy: Find the failed task in the console: vault full, agent offline, disk in error. Then start a backup.
with demands as (
    select * from intermediate.int_requirements
),

standing as (
    select * from intermediate.int_resource_summary
),

judged as (
    -- A backup that is still running says nothing yet, one that is being removed nothing any more.
    select
        d.scope,
        d.snapshot_id,
        d.resource_id,
        p.newest_finished_id,
        p.newest_finished_status,
        p.last_finished_at,
        case
            when d.only_replicas then 'judged_at_source'
            when d.lost_at is not null then 'lost'
            when p.newest_finished_id is null then 'none_finished'
            when p.newest_finished_is_usable and p.undated_failures > 0 then 'time_not_known'
            when p.newest_finished_is_usable then 'succeeded'
            when p.newest_finished_state = 'unknown' then 'status_not_known'
            else 'failed'
        end as reason_code
    from demands as d
    left join standing as p
        on d.scope = p.scope and d.snapshot_id = p.snapshot_id and d.resource_id = p.resource_id
)

select
    scope,
    snapshot_id,
    resource_id as subject_id,
    case
        when reason_code in ('judged_at_source', 'lost') then 'not_applicable'
        when reason_code = 'succeeded' then 'pass'
        when reason_code = 'failed' then 'fail'
        else 'unknown'
    end as status,
    reason_code,
    case reason_code
        when 'judged_at_source' then 'Only copies are kept here; the resource is judged in the scope where it lives.'
        when 'lost' then 'It has no backup any more: see resource-protection-lost.'
        when 'none_finished' then 'No backup of it is finished.'
        when 'time_not_known' then 'A backup that failed carries no time, so it may be the newest.'
        when 'status_not_known' then 'Its newest backup has a status that is not documented: ' || coalesce(newest_finished_status, 'none') || '.'
        else 'Its newest finished backup is ' || coalesce(newest_finished_status, 'of no status') || '.'
    end as reason,
    cast(null as double) as measured_value,
    cast(null as varchar) as measured_unit,
    cast(null as double) as threshold_value,
    case when newest_finished_id is null then cast(array[] as varchar[]) else array[newest_finished_id] end as evidence_backup_ids,
    case when reason_code = 'failed' then last_finished_at end as failing_since
from judged
