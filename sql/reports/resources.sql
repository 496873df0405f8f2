-- Can it be restored now, and from when? Unprotected ones first. What is not shown to be restorable is either not, or
-- nothing tells. What a disk fails together with its server is listed with the server.
-- title: Resources
-- links: fails > work by resource or server, unknowns > unknown by resource
select
    c.scope,
    coalesce(c.resource_name, c.resource_id) as resource,
    c.resource_type as type,
    coalesce(s.resource_name, r.server_id) as server,
    c.vault_id as vault,
    c.owner,
    c.tier,
    c.recency,
    c.verdict,
    case when c.can_restore_now then 'yes' else 'not shown' end as restorable,
    c.newest_rp_at as newest_point,
    c.unprotected_since,
    c.depth,
    c.worst_severity,
    c.fails,
    c.unknowns
from compliance.resource_compliance as c
left join intermediate.int_resources as r using (scope, snapshot_id, resource_id)
left join compliance.resource_compliance as s
    on r.scope = s.scope and r.snapshot_id = s.snapshot_id and r.server_id = s.resource_id
order by case c.recency when 'fail' then 1 when 'unknown' then 2 else 3 end, c.fails desc, resource
