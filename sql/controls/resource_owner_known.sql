-- One row per resource: does anybody answer for it?
-- id: resource-owner-known
-- title: Somebody answers for each resource
-- severity: low
-- version: 1
-- subject: resource
-- parameters: owner
-- remedy: Put the resource into an enterprise project, or name an owner in the policy file.
-- reasons:
--   owner: pass: The policy names {owner}.
--   enterprise_project: pass: It is in the enterprise project {enterprise_project_id}.
--   nobody: fail: It is in no enterprise project but the default one, and the policy names no
--     owner.
--   details_not_read: unknown: Its details were not read, so its enterprise project is not known;
--     the policy names no owner.
with details as (
    -- The list leaves the enterprise project out; only what was shown tells.
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
