-- One row a recovery point of a resource, where it was made: its own backup, or a disk's part in a server's.
with points as (
    select * from intermediate.int_recovery_points where not is_replica
),

disks as (
    select * from staging.stg_children where resource_type = 'OS::Cinder::Volume' and is_leaf
),

own as (
    select
        scope,
        snapshot_id,
        resource_id,
        backup_id,
        backup_id as point_id,
        'own' as via,
        status,
        state,
        rp_time,
        created_at,
        expired_at,
        is_usable,
        is_dependable and not coalesce(is_future, false) as is_dependable
    from points
),

parts as (
    -- A disk can be restored from a server's backup as long as both are there.
    select
        p.scope,
        p.snapshot_id,
        d.resource_id,
        p.backup_id,
        d.child_id as point_id,
        'server' as via,
        d.status,
        p.state,
        p.rp_time,
        p.created_at,
        p.expired_at,
        p.is_usable and d.status in ('available', 'restoring', 'waiting_restore') as is_usable,
        p.is_dependable
        and d.status in ('available', 'restoring', 'waiting_restore')
        and not coalesce(p.is_future, false) as is_dependable
    from points as p
    inner join disks as d on p.scope = d.scope and p.snapshot_id = d.snapshot_id and p.backup_id = d.backup_id
),

together as (
    select * from own
    union all
    select * from parts
)

select
    scope,
    snapshot_id,
    resource_id,
    backup_id, -- VARCHAR: Id of the backup.
    point_id, -- VARCHAR: Id of the backup or child that holds the data of the resource.
    via, -- VARCHAR: own, or server where it is part of a server's backup.
    status, -- VARCHAR: State of the backup or child.
    state, -- VARCHAR: State of the backup: usable, in_flight, going, failed, or unknown.
    rp_time,
    created_at,
    expired_at,
    coalesce(is_usable, false) as is_usable, -- BOOLEAN: Backup and part are complete at the service.
    coalesce(is_dependable, false) as is_dependable -- BOOLEAN: Usable, not due to be purged, not from the future.
from together
