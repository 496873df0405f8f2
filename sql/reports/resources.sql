-- One row a resource: can it be restored now, and from when? Unprotected ones first. What is not shown to be restorable
-- is either not, or nothing tells. Of a scope that is stale, nothing is known to pass.
-- title: Resources
-- links: fails > work by scope id, unknowns > unknown by scope id
with fails as (
    select scope, coalesce(resource_id, subject_id) as id, count(*) as results
    from compliance.owner_worklist
    group by scope, coalesce(resource_id, subject_id)
),

unknowns as (
    select scope, coalesce(resource_id, subject_id) as id, count(*) as results
    from compliance.control_results
    where raw_status = 'unknown'
    group by scope, coalesce(resource_id, subject_id)
)

select
    c.scope,
    coalesce(nullif(trim(c.resource_name), ''), c.resource_id) as resource,
    c.owner,
    case when c.is_stale and c.recency = 'pass' then 'unknown' else c.recency end as recency,
    case when c.is_stale and c.verdict = 'compliant' then 'unknown' else c.verdict end as verdict,
    case when c.can_restore_now then 'yes' else 'not shown' end as restorable,
    c.newest_rp_at as newest_point,
    c.unprotected_since,
    c.depth,
    coalesce(f.results, 0) as fails,
    coalesce(u.results, 0) as unknowns,
    c.worst_severity,
    c.tier,
    c.resource_type as type,
    coalesce(nullif(trim(s.resource_name), ''), c.server_id) as server,
    c.vault_id as vault,
    c.resource_id as id
from compliance.resource_compliance as c
left join compliance.resource_compliance as s
    on c.scope = s.scope and c.snapshot_id = s.snapshot_id and c.server_id = s.resource_id
left join fails as f on c.scope = f.scope and c.resource_id = f.id
left join unknowns as u on c.scope = u.scope and c.resource_id = u.id
order by case when c.recency = 'fail' then 1 when c.recency = 'unknown' or c.is_stale then 2 else 3 end, fails desc, resource, id
