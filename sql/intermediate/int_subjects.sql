-- One row a thing that controls judge: a resource, or a recovery point.
-- kind: view
with resources as (
    select * from intermediate.int_resources
),

points as (
    select * from intermediate.int_recovery_points
),

together as (
    select
        scope,
        snapshot_id,
        'resource' as subject_kind,
        subject_type,
        resource_id as subject_id,
        resource_name as subject_name,
        project_id,
        region,
        enterprise_project_id,
        vault_id,
        resource_id,
        resource_name,
        resource_type,
        policy_rule_id
    from resources
    union all
    select
        p.scope,
        p.snapshot_id,
        'recovery_point' as subject_kind,
        'recovery_point' as subject_type,
        p.backup_id as subject_id,
        p.backup_name as subject_name,
        p.project_id,
        p.region,
        coalesce(p.enterprise_project_id, r.enterprise_project_id) as enterprise_project_id,
        p.vault_id,
        p.resource_id,
        p.resource_name,
        p.resource_type,
        r.policy_rule_id
    from points as p
    inner join resources as r
        on p.scope = r.scope and p.snapshot_id = r.snapshot_id and p.resource_id = r.resource_id
)

select
    scope,
    snapshot_id,
    subject_kind, -- VARCHAR: resource or recovery_point.
    subject_type, -- VARCHAR: server, volume, turbo, other, volume_via_server, or recovery_point.
    subject_id, -- VARCHAR: Id of the resource or of the backup.
    subject_name, -- VARCHAR: Its name.
    project_id, -- VARCHAR: Project of the subject.
    region,
    enterprise_project_id, -- VARCHAR: Enterprise project, where any backup of the resource says it.
    vault_id,
    resource_id, -- VARCHAR: Id of the resource.
    resource_name,
    resource_type,
    policy_rule_id
from together
