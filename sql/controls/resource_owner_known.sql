-- One row a resource: does anybody answer for it?
-- id: resource-owner-known
-- title: Somebody answers for each resource
-- severity: low
-- version: 1
-- subject: resource
-- parameters: owner
-- remedy: Put the resource into an enterprise project, or name an owner in the policy file.
with demands as (
    select * from intermediate.int_demands
),

judged as (
    select
        *,
        case
            when owner is not null then 'owner'
            when coalesce(enterprise_project_id, '') not in ('', '0') then 'enterprise_project'
            else 'nobody'
        end as reason_code
    from demands
)

select
    scope,
    snapshot_id,
    resource_id as subject_id,
    case when reason_code = 'nobody' then 'fail' else 'pass' end as status,
    reason_code,
    case reason_code
        when 'owner' then 'The policy names ' || owner || '.'
        when 'enterprise_project' then 'It is in the enterprise project ' || enterprise_project_id || '.'
        else 'It is in no enterprise project but the default one, and the policy names no owner.'
    end as reason,
    cast(null as double) as measured_value,
    cast(null as varchar) as measured_unit,
    cast(null as double) as threshold_value,
    cast(array[] as varchar[]) as evidence_backup_ids,
    cast(null as timestamp) as failing_since
from judged
