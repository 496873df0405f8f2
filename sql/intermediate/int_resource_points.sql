-- One row a recovery point of a resource: its own backup, or a disk's part in a server's; copies included.
with points as (
    select * from intermediate.int_recovery_points
),

disks as (
    -- A disk that stands in a backup more than once can be restored from it if every part can.
    select
        scope,
        snapshot_id,
        backup_id,
        resource_id,
        max(status) as status,
        bool_and(is_usable) as is_usable,
        bool_or(is_expired) as is_expired
    from staging.stg_children
    group by scope, snapshot_id, backup_id, resource_id
),

own as (
    select
        scope,
        snapshot_id,
        resource_id,
        backup_id,
        cast(null as varchar) as server_id,
        is_replica,
        is_auto,
        is_incremental,
        status,
        state,
        rp_time,
        created_at,
        updated_at,
        expired_at,
        is_usable,
        is_dependable and not is_future as is_dependable,
        is_future,
        detail_loaded
    from points
),

parts as (
    -- A disk can be restored from a server's backup as long as both are there.
    select
        p.scope,
        p.snapshot_id,
        d.resource_id,
        p.backup_id,
        p.resource_id as server_id,
        p.is_replica,
        p.is_auto,
        p.is_incremental,
        case when p.is_usable then d.status else p.status end as status,
        p.state,
        p.rp_time,
        p.created_at,
        p.updated_at,
        p.expired_at,
        p.is_usable and d.is_usable as is_usable,
        p.is_dependable and d.is_usable and not d.is_expired and not p.is_future and p.detail_loaded as is_dependable,
        p.is_future,
        p.detail_loaded
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
    resource_id, -- VARCHAR: Id of the resource.
    backup_id, -- VARCHAR: Id of the backup.
    server_id, -- VARCHAR: The server whose backup it is part of; null where the backup is its own.
    is_replica, -- BOOLEAN: A copy from another region or project, which is no local point.
    is_auto,
    is_incremental,
    status, -- VARCHAR: Status of the part, or of the backup where that is not usable.
    state, -- VARCHAR: State of the backup: usable, in_flight, going, failed, or unknown.
    rp_time,
    created_at,
    updated_at,
    expired_at,
    is_usable, -- BOOLEAN: Backup and part are complete at the service.
    is_dependable, -- BOOLEAN: Usable, not due to be purged, not later than the reading, read lately; null where its expiry can't be read.
    is_future, -- BOOLEAN: Later than the reading.
    detail_loaded
from together
