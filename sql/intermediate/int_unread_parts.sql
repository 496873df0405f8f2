-- One row per disk whose servers have backups with unread details, which may contain the disk.
with never_read as (
    -- Backups that were usable and whose details no snapshot has, even if they are gone.
    select
        scope,
        attempts.resource_id as server_id,
        count(*) as points
    from intermediate.int_attempts as attempts
    inner join policy.settings using (scope)
    left join intermediate.int_recovery_points as points using (scope, backup_id)
    left join history.backups_closed as versions
        on attempts.scope = versions.scope
        and attempts.backup_id = versions.id
        and versions.detail_loaded
    where attempts.was_usable
        and versions.id is null
        and not coalesce(points.detail_loaded, false)
        and (
            attempts.gone_at is null
            or attempts.gone_at >= attempts.as_of - settings.look_back_days * interval '1' day
        )
    group by scope, attempts.resource_id
),

unread_servers as (
    select scope, resource_id as server_id, unread_points, 0 as never_read_points
    from intermediate.int_resource_summary
    where unread_points > 0
    union all
    select scope, server_id, 0 as unread_points, points as never_read_points
    from never_read
),

disks_of_servers as (
    -- A disk may have moved from one server to another.
    select scope, resource_id, server_id
    from intermediate.int_resources
    where server_id is not null
    union
    select scope, parts.resource_id, attempts.resource_id as server_id
    from staging.stg_closed_parts as parts
    inner join intermediate.int_attempts as attempts using (scope, backup_id)
    union
    select scope, children.resource_id, points.resource_id as server_id
    from staging.stg_children as children
    inner join intermediate.int_recovery_points as points using (scope, backup_id)
    where not points.is_replica
)

select
    resources.scope,
    resources.snapshot_id,
    resources.resource_id, -- VARCHAR: ID of the disk.
    -- BIGINT: Number of dependable backups of its servers with unread details.
    sum(unread_servers.unread_points) as unread_points,
    -- BIGINT: Number of backups of its servers that were usable and whose details were never read,
    -- including those that are gone.
    sum(unread_servers.never_read_points) as never_read_points
from intermediate.int_resources as resources
inner join disks_of_servers using (scope, resource_id)
inner join unread_servers
    on resources.scope = unread_servers.scope
    and disks_of_servers.server_id = unread_servers.server_id
group by resources.scope, resources.snapshot_id, resources.resource_id
