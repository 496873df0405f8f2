-- One row per disk whose server has backups with unread details, which may contain the disk.
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
)

select
    resources.scope,
    resources.snapshot_id,
    resources.resource_id, -- VARCHAR: ID of the disk.
    -- BIGINT: Number of dependable backups of its server with unread details.
    coalesce(servers.unread_points, 0) as unread_points,
    -- BIGINT: Number of backups of its server that were usable and whose details were never read,
    -- including those that are gone.
    coalesce(never_read.points, 0) as never_read_points
from intermediate.int_resources as resources
left join intermediate.int_resource_summary as servers
    on resources.scope = servers.scope and resources.server_id = servers.resource_id
left join never_read
    on resources.scope = never_read.scope and resources.server_id = never_read.server_id
where servers.unread_points > 0 or never_read.points > 0
