-- One row per listed backup with its extend_info, with the names and flags that the models use.
-- kind: view
with backups as (
    select *, id as backup_id from cbr.backups
),

backup_info as (
    select * from cbr.extend_info where level = 'backup'
),

parts as (
    -- Some services also list the parts of a backup. Only backups with a parent_id are checked, and
    -- they are parts if the children of a backup include them.
    select distinct scope, id as backup_id
    from cbr.children
    inner join backups using (scope, id)
    where coalesce(backups.parent_id, '') <> ''
)

select
    scope,
    backups.snapshot_id,
    snapshots.as_of,
    snapshots.region,
    coalesce(backups.project_id, snapshots.project_id)
        as project_id, -- VARCHAR: ID of the project of the backup.
    backups.enterprise_project_id,
    backup_id, -- VARCHAR: ID of the backup.
    backups.name as backup_name, -- VARCHAR: Name of the backup.
    backups.status,
    coalesce(backups.image_type, '') <> 'backup'
        as is_replica, -- BOOLEAN: Whether the backup is a copy, or not marked as an original.
    -- BOOLEAN: Whether the backup is listed as a child of another backup.
    parts.scope is not null as is_part,
    backups.created_at,
    backups.protected_at,
    backups.updated_at,
    backups.expired_at,
    json_extract_string(backups.extra, '$.expired_at') is not null
        as is_expiry_unreadable, -- BOOLEAN: Whether its expiry date cannot be read.
    nullif(backups.checkpoint_id, '')
        as checkpoint_id, -- VARCHAR: ID of the restore point, shared by a backup and its children.
    backups.vault_id,
    coalesce(nullif(backups.resource_id, ''), 'resource of backup ' || backup_id)
        as resource_id, -- VARCHAR: ID of the resource.
    backups.resource_name,
    backups.resource_type,
    backups.resource_size,
    backups.parent_id,
    backups.detail_loaded,
    backups.detail_read_at,
    backups.replication_loaded,
    backups.rejected_parts,
    case
        when backup_info.auto_trigger is not null then backup_info.auto_trigger
        when starts_with(backups.name, 'autobk_') then true
        when starts_with(backups.name, 'manualbk_') then false
    end as is_auto, -- BOOLEAN: Whether a policy made the backup, by flag or name. Null if unknown.
    backup_info.encrypted,
    backup_info.contain_system_disk,
    backup_info.supported_restore_mode,
    coalesce(backups.incremental, backup_info.incremental)
        as is_incremental, -- BOOLEAN: Whether the backup is incremental, by any of its fields.
    coalesce(backup_info.os_images_data <> cast([] as varchar[]), false)
        as is_held_by_image, -- BOOLEAN: Whether an image made from it prevents its purge.
    backup_info.app_consistency_status,
    backup_info.app_consistency_error_code,
    backup_info.app_consistency_error_message
from backups
inner join staging.stg_snapshots as snapshots using (scope)
left join backup_info using (scope, backup_id)
left join parts using (scope, backup_id)
