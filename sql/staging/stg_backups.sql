-- One row a backup that the list names, with its extend_info: names and flags as the models use them.
with snapshots as (
    select * from staging.stg_snapshots
),

backups as (
    select * from cbr.backups
),

extend_info as (
    select * from cbr.extend_info where level = 'backup'
)

select
    b.scope,
    b.snapshot_id,
    s.as_of,
    s.region,
    coalesce(b.project_id, s.project_id) as project_id, -- VARCHAR: Project of the backup.
    b.enterprise_project_id,
    b.id as backup_id, -- VARCHAR: Id of the backup.
    b.name as backup_name, -- VARCHAR: Name of the backup.
    b.status,
    coalesce(b.image_type, '') <> 'backup' as is_replica, -- BOOLEAN: A copy, or at least not said to be made here.
    coalesce(b.parent_id, '') <> '' as is_part, -- BOOLEAN: Part of another backup, though the list names it.
    b.created_at,
    b.protected_at,
    b.updated_at,
    b.expired_at,
    b.checkpoint_id,
    b.vault_id,
    coalesce(b.resource_id, 'resource of backup ' || b.id) as resource_id, -- VARCHAR: Id of the resource.
    b.resource_name,
    b.resource_type,
    b.resource_size,
    b.detail_loaded,
    coalesce(
        e.auto_trigger,
        case when starts_with(b.name, 'autobk_') then true when starts_with(b.name, 'manualbk_') then false end
    ) as is_auto, -- BOOLEAN: Made by a policy; by its flag, else by its name, else null.
    e.encrypted,
    e.contain_system_disk,
    e.supported_restore_mode
from backups as b
inner join snapshots as s on b.scope = s.scope and b.snapshot_id = s.snapshot_id
left join extend_info as e on b.scope = e.scope and b.snapshot_id = e.snapshot_id and b.id = e.backup_id
