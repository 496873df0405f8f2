-- One row a child of a backup, at any depth, with its extend_info.
with snapshots as (
    select * from staging.stg_snapshots
),

children as (
    select
        c.*,
        coalesce(c.status in ('available', 'restoring', 'waiting_restore'), false) as is_usable,
        coalesce(c.expired_at <= s.as_of, false) as is_expired
    from cbr.children as c
    inner join snapshots as s on c.scope = s.scope and c.snapshot_id = s.snapshot_id
),

extend_info as (
    select * from cbr.extend_info where level = 'child'
),

carriers as (
    select distinct scope, snapshot_id, backup_id, carrier_id from children where depth > 1
),

carrying as (
    select
        c.scope,
        c.snapshot_id,
        c.backup_id,
        c.id,
        c.is_usable
    from children as c
    inner join carriers as k
        on c.scope = k.scope and c.snapshot_id = k.snapshot_id and c.backup_id = k.backup_id and c.id = k.carrier_id
)

select
    c.scope,
    c.snapshot_id,
    c.backup_id, -- VARCHAR: Id of the backup.
    c.id as child_id, -- VARCHAR: Id of the child.
    c.depth,
    c.status,
    c.is_usable and coalesce(u.is_usable, true) as is_usable, -- BOOLEAN: Complete at the service, and so is the child that it stands in.
    c.is_expired, -- BOOLEAN: Past its own expiry, so that it may be purged at any moment.
    nullif(c.checkpoint_id, '') as checkpoint_id, -- VARCHAR: The restore point that parent and children share.
    c.created_at,
    coalesce(nullif(c.resource_id, ''), 'resource of backup ' || c.id) as resource_id, -- VARCHAR: Id of the resource.
    c.resource_name,
    c.resource_type,
    c.resource_size,
    e.encrypted,
    coalesce(e.bootable, false) or coalesce(e.system_disk, false) as is_system_disk, -- BOOLEAN: Holds a system disk.
    k.id is null as is_leaf -- BOOLEAN: Has no child of its own, so that its flags speak for data.
from children as c
left join carrying as u
    on c.scope = u.scope and c.snapshot_id = u.snapshot_id and c.backup_id = u.backup_id and c.carrier_id = u.id
left join extend_info as e
    on c.scope = e.scope and c.snapshot_id = e.snapshot_id and c.backup_id = e.top_backup_id and c.id = e.backup_id
left join carrying as k
    on c.scope = k.scope and c.snapshot_id = k.snapshot_id and c.backup_id = k.backup_id and c.id = k.id
