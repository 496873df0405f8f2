-- One row per recovery point of a resource: its own backup, or its part of a server backup. Copies
-- are included.
with disks as (
    -- A disk that is in a backup more than once is usable if all its parts are.
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
    -- A disk in a server backup is usable if both the disk and the backup are.
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
    server_id, -- VARCHAR: ID of the server whose backup it is part of. Null for its own backups.
    -- BOOLEAN: Whether it is a copy from another region or project, and not a local point.
    is_replica,
    is_auto,
    is_incremental,
    status, -- VARCHAR: Status of the part, or of the backup if the backup is not usable.
    state, -- VARCHAR: State of the backup: usable, in_flight, going, failed or unknown.
    rp_time,
    created_at,
    updated_at,
    expired_at,
    is_usable, -- BOOLEAN: Whether the backup and its part are usable.
    -- Dependable: usable, not expired, not dated after as_of, and read lately.
    is_dependable, -- BOOLEAN: Whether it is dependable. Null if its expiry cannot be read.
    is_future, -- BOOLEAN: Whether it is dated after as_of.
    detail_loaded
from resource_points
