-- One row per resource without a recovery point within its RPO. A disk is listed only if its
-- server is not.
select
    resources.scope,
    coalesce(resources.resource_name, resources.resource_id) as resource,
    resources.newest_rp_at,
    resources.unprotected_since
from compliance.resource_compliance as resources
anti join compliance.resource_compliance as servers
    on resources.scope = servers.scope
    and resources.server_id = servers.resource_id
    and servers.recency = 'fail'
where resources.recency = 'fail'
order by resources.unprotected_since, resource
