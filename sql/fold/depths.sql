-- One row per resource: number of automatic points without an expiry in the last three snapshots.
with current_depths as (
    select
        scope,
        resource_id,
        image_type,
        count(*) as depth
    from fold.points
    where side = 'now' and was_made and is_kept_by_count
    group by scope, resource_id, image_type
)

-- If the new snapshot is of another project, the earlier numbers are kept.
select
    scope, -- VARCHAR: Scope.
    resource_id, -- VARCHAR: ID of the resource.
    image_type, -- VARCHAR: Original backups or replicas.
    -- BIGINT: Number in the newest complete snapshot, including points that are being deleted.
    case
        when snapshots.is_same_project or earlier.depth is null
            then coalesce(current_depths.depth, 0)
        else earlier.depth
    end as depth,
    -- BIGINT: Number in the snapshot before.
    case
        when snapshots.is_same_project then earlier.depth
        else earlier.depth_before
    end as depth_before,
    -- BIGINT: Number in the snapshot before that.
    case
        when snapshots.is_same_project then earlier.depth_before
        else earlier.depth_before_that
    end as depth_before_that
from current_depths
full outer join was.depths as earlier using (scope, resource_id, image_type)
cross join fold.compared_snapshots as snapshots
where
    coalesce(current_depths.depth, 0) > 0
    or coalesce(earlier.depth, 0) > 0
    or coalesce(earlier.depth_before, 0) > 0
