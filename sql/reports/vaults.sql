-- One row a vault: how much the backups in it were made of. That is the size of the sources, not of what is stored.
-- title: Vaults
-- links: resources > resources by scope vault
with points as (
    select
        scope,
        vault_id,
        count(*) as points,
        sum(resource_size) as source_gb,
        min(created_at) as oldest,
        max(created_at) as newest
    from compliance.recovery_points
    group by scope, vault_id
),

resources as (
    select scope, vault_id, count(*) as resources from compliance.resource_compliance group by scope, vault_id
)

select
    p.scope,
    p.vault_id as vault,
    p.points,
    coalesce(r.resources, 0) as resources,
    p.source_gb,
    p.oldest,
    p.newest
from points as p
left join resources as r on p.scope = r.scope and p.vault_id is not distinct from r.vault_id
order by p.source_gb desc, vault
