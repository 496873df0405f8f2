-- One row per resource: how many automatic points without an expiry the newest three snapshots have.
with counted as (
    select
        scope,
        resource_id,
        image_type,
        count(*) as depth
    from fold.points
    where side = 'now' and was_made and is_kept_by_count
    group by scope, resource_id, image_type
)

-- Where another project was read this time, what was known of the one before stands as it was.
select
    scope, -- VARCHAR: The scope.
    resource_id, -- VARCHAR: The resource.
    image_type, -- VARCHAR: Made here, or replicas.
    -- BIGINT: In the newest complete snapshot, those that are going among them.
    case
        when snapshots.is_same_project or earlier.depth is null then coalesce(counted.depth, 0)
        else earlier.depth
    end as depth,
    -- BIGINT: In the one before.
    case
        when snapshots.is_same_project then earlier.depth
        else earlier.depth_before
    end as depth_before,
    -- BIGINT: In the one before that.
    case
        when snapshots.is_same_project then earlier.depth_before
        else earlier.depth_before_that
    end as depth_before_that
from counted
full outer join was.depths as earlier using (scope, resource_id, image_type)
cross join fold.compared_snapshots as snapshots
where
    coalesce(counted.depth, 0) > 0
    or coalesce(earlier.depth, 0) > 0
    or coalesce(earlier.depth_before, 0) > 0
