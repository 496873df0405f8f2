-- One row per recovery point that exists, or was lost within the deletion window.
-- kind: view
with known_points as (
    select
        scope,
        snapshot_id,
        as_of,
        'recovery_point' as own_kind,
        backup_id,
        backup_name,
        project_id,
        region,
        enterprise_project_id,
        vault_id,
        resource_id,
        resource_name,
        resource_type,
        detail_loaded,
        rejected_parts,
        cast(null as timestamp) as gone_at
    from intermediate.int_recovery_points
    union all
    select
        scope,
        snapshot_id,
        as_of,
        'lost_point' as own_kind,
        backup_id,
        cast(null as varchar) as backup_name,
        project_id,
        region,
        enterprise_project_id,
        vault_id,
        resource_id,
        resource_name,
        resource_type,
        false as detail_loaded,
        0 as rejected_parts,
        gone_at
    from intermediate.int_lost_points
)

select
    scope,
    snapshot_id,
    as_of,
    own_kind, -- VARCHAR: recovery_point if it exists, otherwise lost_point.
    backup_id, -- VARCHAR: ID of the backup.
    backup_name, -- VARCHAR: Name of the backup. Null if it is lost.
    project_id, -- VARCHAR: ID of the project of the backup.
    region,
    enterprise_project_id, -- VARCHAR: ID of the enterprise project of the backup.
    vault_id, -- VARCHAR: ID of the vault of the backup.
    resource_id, -- VARCHAR: ID of the resource.
    resource_name, -- VARCHAR: Latest known name of the resource.
    resource_type, -- VARCHAR: Type of the resource.
    detail_loaded, -- BOOLEAN: Whether its details were read lately, with a list of children.
    rejected_parts, -- BIGINT: Number of its records that could not be loaded.
    gone_at -- TIMESTAMP: First complete snapshot without the backup. Null while it exists.
from known_points
