-- One row per subject that the policy excludes. It is listed and counted, but not judged.
with excluded_resources as (
    select scope, snapshot_id, resource_id, exclusion_id, exclusion_reason
    from intermediate.int_rules
    where exclusion_id is not null
),

excluded_points as (
    select
        scope,
        resources.snapshot_id,
        points.own_kind,
        points.backup_id,
        resources.exclusion_id,
        resources.exclusion_reason
    from intermediate.int_known_points as points
    inner join excluded_resources as resources using (scope, resource_id)
),

excluded_subjects as (
    select
        scope,
        snapshot_id,
        'resource' as subject_kind,
        resource_id as subject_id,
        exclusion_id,
        exclusion_reason
    from excluded_resources
    union all
    select
        scope,
        snapshot_id,
        'inventory' as subject_kind,
        resource_id as subject_id,
        exclusion_id,
        exclusion_reason
    from excluded_resources
    union all
    select
        scope,
        snapshot_id,
        own_kind as subject_kind,
        backup_id as subject_id,
        exclusion_id,
        exclusion_reason
    from excluded_points
    union all
    select
        scope,
        snapshot_id,
        'known_point' as subject_kind,
        backup_id as subject_id,
        exclusion_id,
        exclusion_reason
    from excluded_points
)

select
    scope,
    snapshot_id,
    subject_kind, -- VARCHAR: resource, inventory, recovery_point, lost_point or known_point.
    subject_id, -- VARCHAR: ID of the resource or backup.
    exclusion_id,
    exclusion_reason
from excluded_subjects
