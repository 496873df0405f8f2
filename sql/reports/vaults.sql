-- One row per vault. source_gb is the size of the backed-up sources, not of the stored backups.
-- title: Vaults
-- links: resources > resources by scope vault
with resources as (
    select scope, vault_id, count(*) as resources
    from compliance.resource_compliance
    group by scope, vault_id
),

points as (
    select
        scope,
        vault_id,
        count(*) as points,
        sum(resource_size) as source_gb,
        min(created_at) as oldest,
        max(created_at) as newest
    from compliance.recovery_points
    group by scope, vault_id
)

select
    points.scope,
    points.vault_id as vault,
    points.points,
    coalesce(resources.resources, 0) as resources,
    points.source_gb,
    points.oldest,
    points.newest
from points
left join resources
    on points.scope = resources.scope
    and points.vault_id is not distinct from resources.vault_id
order by points.source_gb desc, vault
