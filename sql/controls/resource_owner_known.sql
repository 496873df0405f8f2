-- One row a resource: does anybody answer for it?
-- id: resource-owner-known
-- title: Somebody answers for each resource
-- severity: low
-- version: 1
-- subject: resource
-- parameters: owner
-- remedy: Put the resource into an enterprise project, or name an owner in the policy file.
with demands as (
    select * from intermediate.int_requirements
),

details as (
    -- The list leaves the enterprise project out; only what was shown tells.
    select
        scope,
        snapshot_id,
        resource_id,
        bool_or(detail_loaded) as are_read
    from intermediate.int_recovery_points
    group by scope, snapshot_id, resource_id
),

judged as (
    select
        d.*,
        case
            when d.owner is not null then 'owner'
            when coalesce(d.enterprise_project_id, '') not in ('', '0') then 'enterprise_project'
            when d.enterprise_project_id is null and d.lost_at is null and not coalesce(r.are_read, true)
                then 'details_not_read'
            else 'nobody'
        end as reason_code
    from demands as d
    left join details as r
        on d.scope = r.scope and d.snapshot_id = r.snapshot_id and d.resource_id = r.resource_id
)

select
    scope,
    snapshot_id,
    resource_id as subject_id,
    case reason_code when 'nobody' then 'fail' when 'details_not_read' then 'unknown' else 'pass' end as status,
    reason_code,
    case reason_code
        when 'owner' then 'The policy names ' || owner || '.'
        when 'enterprise_project' then 'It is in the enterprise project ' || enterprise_project_id || '.'
        when 'details_not_read' then 'Its details were not read, so its enterprise project is not known; the policy names no owner.'
        else 'It is in no enterprise project but the default one, and the policy names no owner.'
    end as reason,
    cast(null as double) as measured_value,
    cast(null as varchar) as measured_unit,
    cast(null as double) as threshold_value,
    cast(array[] as varchar[]) as evidence_backup_ids,
    cast(null as timestamp) as failing_since
from judged
