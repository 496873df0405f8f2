-- One row a backup that the list names, with its extend_info: names and flags as the models use them.
-- kind: view
with snapshots as (
    select * from staging.stg_snapshots
),

backups as (
    select * from cbr.backups
),

extend_info as (
    select * from cbr.extend_info where level = 'backup'
),

claims as (
    -- Some services list the parts of a backup beside it. Few say that they are one, so only these are looked for.
    select scope, snapshot_id, id from backups where coalesce(parent_id, '') <> ''
),

parts as (
    -- They are known to be parts where the whole names them.
    select distinct c.scope, c.snapshot_id, c.id
    from cbr.children as c
    inner join claims as p on c.scope = p.scope and c.snapshot_id = p.snapshot_id and c.id = p.id
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
    coalesce(b.parent_id, '') <> '' and p.id is not null as is_part, -- BOOLEAN: Part of another backup, which names it.
    b.created_at,
    b.protected_at,
    b.updated_at,
    b.expired_at,
    json_extract_string(b.extra, '$.expired_at') is not null as is_expiry_unreadable, -- BOOLEAN: It says when it expires in a form that nobody can read.
    nullif(b.checkpoint_id, '') as checkpoint_id, -- VARCHAR: The restore point that parent and children share.
    b.vault_id,
    coalesce(nullif(b.resource_id, ''), 'resource of backup ' || b.id) as resource_id, -- VARCHAR: Id of the resource.
    b.resource_name,
    b.resource_type,
    b.resource_size,
    b.parent_id,
    b.detail_loaded,
    b.detail_read_at,
    b.replication_loaded,
    b.rejected_parts,
    coalesce(
        e.auto_trigger,
        case when starts_with(b.name, 'autobk_') then true when starts_with(b.name, 'manualbk_') then false end
    ) as is_auto, -- BOOLEAN: Made by a policy; by its flag, else by its name, else null.
    e.encrypted,
    e.contain_system_disk,
    e.supported_restore_mode,
    coalesce(b.incremental, e.incremental) as is_incremental, -- BOOLEAN: An incremental backup, wherever that is said.
    coalesce(e.os_images_data <> cast([] as varchar[]), false) as is_held_by_image, -- BOOLEAN: An image was made of it, which keeps it from being purged.
    e.app_consistency_status,
    e.app_consistency_error_code,
    e.app_consistency_error_message
from backups as b
inner join snapshots as s on b.scope = s.scope and b.snapshot_id = s.snapshot_id
left join extend_info as e on b.scope = e.scope and b.snapshot_id = e.snapshot_id and b.id = e.backup_id
left join parts as p on b.scope = p.scope and b.snapshot_id = p.snapshot_id and b.id = p.id
