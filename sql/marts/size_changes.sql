-- One row per server whose newest complete backup is much larger or smaller than usual. This is
-- information only: no control depends on it.
-- kind: view
with backup_sizes as (
    select
        scope,
        points.snapshot_id,
        points.resource_id,
        points.resource_name,
        backup_id,
        points.rp_time,
        sum(disks.resource_size) as total_size
    from intermediate.int_recovery_points as points
    inner join staging.stg_children as disks using (scope, backup_id)
    where
        points.level = 'server'
        and not points.is_replica
        and points.is_dependable
        and points.detail_loaded
        and points.rejected_parts = 0
        and disks.depth = 1
    group by
        scope,
        points.snapshot_id,
        points.resource_id,
        points.resource_name,
        backup_id,
        points.rp_time
),

ranked_backups as (
    select
        *,
        row_number() over (
            partition by scope, resource_id order by rp_time desc, backup_id
        ) as nth_newest
    from backup_sizes
),

usual_sizes as (
    select
        scope,
        ranked_backups.resource_id,
        settings.unusual_size_percent,
        count(*) as points,
        median(ranked_backups.total_size) as usual_size
    from ranked_backups
    inner join policy.settings as settings using (scope)
    where ranked_backups.nth_newest > 1 and ranked_backups.nth_newest <= settings.usual_points + 1
    group by
        scope,
        ranked_backups.resource_id,
        settings.unusual_size_percent,
        settings.usual_least_points
    having count(*) >= settings.usual_least_points
),

changes as (
    select
        newest.*,
        usual_sizes.points,
        usual_sizes.usual_size,
        usual_sizes.unusual_size_percent,
        cast((newest.total_size - usual_sizes.usual_size) * 100 as double)
        / nullif(usual_sizes.usual_size, 0.0) as change_percent
    from ranked_backups as newest
    inner join usual_sizes using (scope, resource_id)
    where newest.nth_newest = 1
)

select
    scope,
    snapshot_id,
    resource_id,
    resource_name,
    backup_id,
    rp_time,
    total_size, -- BIGINT: Total size of the disks in the newest complete backup, in GB.
    usual_size, -- DOUBLE: Median of the backups before it, in GB.
    -- DOUBLE: Difference from usual_size, in percent. Negative if it is smaller.
    change_percent,
    points -- BIGINT: Number of backups that usual_size is based on.
from changes
where abs(change_percent) > unusual_size_percent
