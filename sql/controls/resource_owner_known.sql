-- One row per resource: does it have an owner?
-- id: resource-owner-known
-- title: Each resource has an owner
-- severity: low
-- version: 1
-- subject: resource
-- parameters: owner
-- remedy: Add the resource to an enterprise project, or name an owner in the policy file.
-- reasons:
--   owner: pass: The policy names the owner {owner}.
--   enterprise_project: pass: It is in the enterprise project {enterprise_project_id}.
--   nobody: fail: It has no enterprise project except the default one, and the policy names no
--     owner.
--   details_not_read: unknown: Its details are unread, so its enterprise project is unknown, and
--     the policy names no owner.
with details as (
    -- The list does not contain the enterprise project; only the details do.
    select scope, resource_id, bool_or(detail_loaded) as are_read
    from intermediate.int_recovery_points
    group by scope, resource_id
)

select
    scope,
    requirements.snapshot_id,
    resource_id as subject_id,
    case
        when requirements.owner is not null then 'owner'
        when coalesce(requirements.enterprise_project_id, '') not in ('', '0')
            then 'enterprise_project'
        when requirements.enterprise_project_id is null
            and requirements.lost_at is null
            and not coalesce(details.are_read, true)
            then 'details_not_read'
        else 'nobody'
    end as reason_code,
    requirements.owner,
    requirements.enterprise_project_id
from intermediate.int_requirements as requirements
left join details using (scope, resource_id)
