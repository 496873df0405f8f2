-- One row per recovery point that is there, or was lost within the window in which a loss stays a
-- finding.
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
    own_kind, -- VARCHAR: recovery_point where it is there, lost_point where it is not.
    backup_id, -- VARCHAR: ID of the backup.
    backup_name, -- VARCHAR: Name of the backup; null of what is lost.
    project_id, -- VARCHAR: Project of the backup.
    region,
    enterprise_project_id, -- VARCHAR: Enterprise project of the backup.
    vault_id, -- VARCHAR: Vault that holds the backup, or held it.
    resource_id, -- VARCHAR: ID of the resource.
    resource_name, -- VARCHAR: Latest known name of the resource.
    resource_type, -- VARCHAR: Type of the resource.
    detail_loaded, -- BOOLEAN: ShowBackup was read lately and sent a list of children.
    rejected_parts, -- BIGINT: Records of it that could not be loaded.
    gone_at -- TIMESTAMP: The first complete snapshot that has it no more; null while it is there.
from known_points
