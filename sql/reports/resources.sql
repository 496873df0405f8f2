-- One row per resource, unprotected resources first: can it be restored now, and from when? "not
-- shown" means that it can't be restored or that the data does not prove it. Nothing in a stale
-- scope counts as passed.
-- title: Resources
-- links: fails > work by scope id, unknowns > unknown by scope id
with failures as (
    select scope, coalesce(resource_id, subject_id) as resource_id, count(*) as results
    from compliance.owner_worklist
    group by all
),

unknowns as (
    select scope, coalesce(resource_id, subject_id) as resource_id, count(*) as results
    from compliance.control_results
    where raw_status = 'unknown'
    group by all
)

select
    resources.scope,
    coalesce(nullif(trim(resources.resource_name), ''), resources.resource_id) as resource,
    resources.owner,
    case
        when resources.is_stale and resources.recency = 'pass' then 'unknown'
        else resources.recency
    end as recency,
    case
        when resources.is_stale and resources.verdict = 'compliant' then 'unknown'
        else resources.verdict
    end as verdict,
    case when resources.can_restore_now then 'yes' else 'not shown' end as restorable,
    resources.newest_rp_at as newest_point,
    resources.unprotected_since,
    resources.depth,
    coalesce(failures.results, 0) as fails,
    coalesce(unknowns.results, 0) as unknowns,
    resources.worst_severity,
    resources.tier,
    resources.resource_type as type,
    coalesce(nullif(trim(servers.resource_name), ''), resources.server_id) as server,
    resources.vault_id as vault,
    resources.resource_id as id
from compliance.resource_compliance as resources
left join failures using (scope, resource_id)
left join unknowns using (scope, resource_id)
left join compliance.resource_compliance as servers
    on resources.scope = servers.scope and resources.server_id = servers.resource_id
order by
    case
        when resources.recency = 'fail' then 1
        when resources.recency = 'unknown' or resources.is_stale then 2
        else 3
    end,
    fails desc,
    resource,
    id
