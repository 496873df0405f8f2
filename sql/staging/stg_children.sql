-- One row a child of a backup, at any depth, with its extend_info.
with children as (
    select * from cbr.children
),

extend_info as (
    select * from cbr.extend_info where level = 'child'
),

parents as (
    select distinct scope, snapshot_id, backup_id, parent_id from cbr.children where depth > 1
)

select
    c.scope,
    c.snapshot_id,
    c.backup_id, -- VARCHAR: Id of the backup.
    c.id as child_id, -- VARCHAR: Id of the child.
    c.depth,
    c.status,
    coalesce(c.status in ('available', 'restoring', 'waiting_restore'), false) as is_usable, -- BOOLEAN: Complete at the service.
    c.checkpoint_id,
    c.created_at,
    c.protected_at,
    c.updated_at,
    coalesce(c.resource_id, 'resource of backup ' || c.id) as resource_id, -- VARCHAR: Id of the resource.
    c.resource_name,
    c.resource_type,
    c.resource_size,
    e.encrypted,
    coalesce(e.bootable, false) or coalesce(e.system_disk, false) as is_system_disk, -- BOOLEAN: Holds a system disk.
    p.parent_id is null as is_leaf -- BOOLEAN: Has no child of its own, so that its flags speak for data.
from children as c
left join extend_info as e on c.scope = e.scope and c.snapshot_id = e.snapshot_id and c.id = e.backup_id
left join parents as p
    on c.scope = p.scope and c.snapshot_id = p.snapshot_id and c.backup_id = p.backup_id and c.id = p.parent_id
