-- One row a resource: how many automatic points without an expiry the newest three snapshots have.
with counted as (
    select
        scope,
        resource_id,
        image_type,
        count(*) as depth
    from fold.points
    where side = 'now' and was_made and is_kept_by_count
    group by scope, resource_id, image_type
),

before as (
    select * from was.depths
),

places as (
    select * from fold.places
)

-- Where another project was read this time, what was known of the one before stands as it was.
select
    coalesce(c.scope, b.scope) as scope, -- VARCHAR: The scope.
    coalesce(c.resource_id, b.resource_id) as resource_id, -- VARCHAR: The resource.
    coalesce(c.image_type, b.image_type) as image_type, -- VARCHAR: Made here, or replicas.
    case when p.is_same_place or b.scope is null then coalesce(c.depth, 0) else b.depth end as depth, -- BIGINT: In the newest complete snapshot, those that are going among them.
    case when p.is_same_place then b.depth else b.depth_before end as depth_before, -- BIGINT: In the one before.
    case when p.is_same_place then b.depth_before else b.depth_before_that end as depth_before_that -- BIGINT: In the one before that.
from counted as c
full outer join before as b
    on c.scope = b.scope and c.resource_id = b.resource_id and c.image_type = b.image_type
cross join places as p
where coalesce(c.depth, 0) > 0 or coalesce(b.depth, 0) > 0 or coalesce(b.depth_before, 0) > 0
