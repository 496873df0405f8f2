-- How much the backups in a vault were made of: the size of the sources, not of what is stored.
-- title: Vaults
-- links: resources > resources by vault
select
    scope,
    vault_id as vault,
    count(*) as points,
    count(distinct resource_id) as resources,
    sum(resource_size) as source_gb,
    min(created_at) as oldest,
    max(created_at) as newest
from compliance.recovery_points
group by scope, vault_id
order by source_gb desc, vault
