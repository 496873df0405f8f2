-- One row a subject that the policy takes out of scope: it is listed and counted, and not judged.
with excluded as (
    select * from intermediate.int_rules where exclusion_id is not null
),

points as (
    select * from intermediate.int_recovery_points
),

lost as (
    select * from intermediate.int_lost_points
),

together as (
    select
        scope,
        snapshot_id,
        'resource' as subject_kind,
        resource_id as subject_id,
        exclusion_id,
        exclusion_reason
    from excluded
    union all
    select
        p.scope,
        p.snapshot_id,
        'recovery_point' as subject_kind,
        p.backup_id as subject_id,
        e.exclusion_id,
        e.exclusion_reason
    from points as p
    inner join excluded as e
        on p.scope = e.scope and p.snapshot_id = e.snapshot_id and p.resource_id = e.resource_id
    union all
    select
        l.scope,
        l.snapshot_id,
        'lost_point' as subject_kind,
        l.backup_id as subject_id,
        e.exclusion_id,
        e.exclusion_reason
    from lost as l
    inner join excluded as e
        on l.scope = e.scope and l.snapshot_id = e.snapshot_id and l.resource_id = e.resource_id
    union all
    select
        p.scope,
        p.snapshot_id,
        'known_point' as subject_kind,
        p.backup_id as subject_id,
        e.exclusion_id,
        e.exclusion_reason
    from points as p
    inner join excluded as e
        on p.scope = e.scope and p.snapshot_id = e.snapshot_id and p.resource_id = e.resource_id
    union all
    select
        l.scope,
        l.snapshot_id,
        'known_point' as subject_kind,
        l.backup_id as subject_id,
        e.exclusion_id,
        e.exclusion_reason
    from lost as l
    inner join excluded as e
        on l.scope = e.scope and l.snapshot_id = e.snapshot_id and l.resource_id = e.resource_id
)

select
    scope,
    snapshot_id,
    subject_kind, -- VARCHAR: resource, recovery_point, lost_point or known_point.
    subject_id, -- VARCHAR: Id of the resource or of the backup.
    exclusion_id,
    exclusion_reason
from together
