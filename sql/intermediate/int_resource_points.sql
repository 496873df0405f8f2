-- One row per recovery point of a resource: its own backup, or a disk's part in a server's; copies
-- included.
with disks as (
    -- A disk that stands in a backup more than once can be restored from it if every part can.
    select
        scope,
        backup_id,
        resource_id,
        max(status) as status,
        bool_and(is_usable) as is_usable,
        bool_or(is_expired) as is_expired
    from staging.stg_children
    group by scope, backup_id, resource_id
),

resource_points as (
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
    from intermediate.int_recovery_points
    union all
    -- A disk can be restored from a server's backup as long as both are there.
    select
        scope,
        points.snapshot_id,
        disks.resource_id,
        backup_id,
        points.resource_id as server_id,
        points.is_replica,
        points.is_auto,
        points.is_incremental,
        case when points.is_usable then disks.status else points.status end as status,
        points.state,
        points.rp_time,
        points.created_at,
        points.updated_at,
        points.expired_at,
        points.is_usable and disks.is_usable as is_usable,
        points.is_dependable
        and disks.is_usable
        and not disks.is_expired
        and not points.is_future
        and points.detail_loaded as is_dependable,
        points.is_future,
        points.detail_loaded
    from intermediate.int_recovery_points as points
    inner join disks using (scope, backup_id)
)

select
    scope,
    snapshot_id,
    resource_id, -- VARCHAR: ID of the resource.
    backup_id, -- VARCHAR: ID of the backup.
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
    -- It is usable, not due to be purged, not later than the reading, and was read lately.
    is_dependable, -- BOOLEAN: It can be relied on; null where its expiry can't be read.
    is_future, -- BOOLEAN: Later than the reading.
    detail_loaded
from resource_points
