-- One row per child of a backup, at any depth, with its extend_info.
with children as (
    select
        children.*,
        children.id as child_id,
        coalesce(statuses.state = 'usable', false) as is_complete,
        coalesce(children.expired_at <= snapshots.as_of, false) as is_expired
    from cbr.children
    inner join staging.stg_snapshots as snapshots using (scope)
    left join staging.stg_statuses as statuses using (status)
),

child_info as (
    select * from cbr.extend_info where level = 'child'
),

parent_children as (
    -- Children that have children.
    select distinct
        parent_children.scope,
        parent_children.backup_id,
        parent_children.child_id as carrier_id,
        parent_children.is_complete
    from children as parent_children
    inner join children as carried
        on parent_children.scope = carried.scope
        and parent_children.backup_id = carried.backup_id
        and parent_children.child_id = carried.carrier_id
    where carried.depth > 1
)

select
    children.scope,
    children.snapshot_id,
    children.backup_id, -- VARCHAR: ID of the backup.
    children.child_id, -- VARCHAR: ID of the child.
    children.depth,
    children.status, -- VARCHAR: Status of the child.
    children.is_complete and coalesce(parent_children.is_complete, true)
        as is_usable, -- BOOLEAN: Whether the child and its parent child are usable.
    children.is_expired, -- BOOLEAN: Whether the child has expired and may be purged at any moment.
    nullif(children.checkpoint_id, '')
        as checkpoint_id, -- VARCHAR: ID of the restore point, shared by a backup and its children.
    children.created_at,
    coalesce(nullif(children.resource_id, ''), 'resource of backup ' || children.child_id)
        as resource_id, -- VARCHAR: ID of the resource.
    children.resource_name,
    children.resource_type,
    children.resource_size,
    child_info.encrypted,
    coalesce(child_info.bootable, false) or coalesce(child_info.system_disk, false)
        as is_system_disk, -- BOOLEAN: Whether it contains a system disk.
    carrying.carrier_id is null
        as is_leaf -- BOOLEAN: Whether it has no children, so that its flags describe data.
from children
left join parent_children using (scope, backup_id, carrier_id)
left join parent_children as carrying
    on children.scope = carrying.scope
    and children.backup_id = carrying.backup_id
    and children.child_id = carrying.carrier_id
left join child_info
    on children.scope = child_info.scope
    and children.backup_id = child_info.top_backup_id
    and children.child_id = child_info.backup_id
