-- One row a resource and vault: how many automatic points without an expiry the newest three snapshots have.
with counted as (
    select scope, vault_id, resource_id, image_type, count(*) as depth
    from fold.points
    where side = 'now' and is_usable and is_kept_by_count
    group by scope, vault_id, resource_id, image_type
),

before as (
    select * from was.depths
)

select
    coalesce(c.scope, b.scope) as scope, -- VARCHAR: The scope.
    coalesce(c.vault_id, b.vault_id) as vault_id, -- VARCHAR: Vault that holds the points.
    coalesce(c.resource_id, b.resource_id) as resource_id, -- VARCHAR: The resource.
    coalesce(c.image_type, b.image_type) as image_type, -- VARCHAR: Made here, or replicas.
    coalesce(c.depth, 0) as depth, -- BIGINT: In the newest complete snapshot.
    b.depth as depth_before, -- BIGINT: In the one before.
    b.depth_before as depth_before_that -- BIGINT: In the one before that.
from counted as c
full outer join before as b
    on c.scope = b.scope and c.vault_id = b.vault_id and c.resource_id = b.resource_id and c.image_type = b.image_type
where coalesce(c.depth, 0) > 0 or coalesce(b.depth, 0) > 0 or coalesce(b.depth_before, 0) > 0
