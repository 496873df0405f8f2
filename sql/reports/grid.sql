-- One row a resource: how each of the last 30 days ended for it, the worst first. A disk is listed where it was worse or
-- better off than its server on a day of which anything is known. What the policy takes out of scope is not listed.
with newest as (
    select scope, max(cast(day as date)) as day from compliance.rpo_daily group by scope
),

daily as (
    select
        d.scope,
        d.resource_id as id,
        d.day,
        d.status,
        case d.status when 'failed_only' then 'missed' else d.status end as state
    from compliance.rpo_daily as d
    inner join newest as n on d.scope = n.scope
    where cast(d.day as date) > n.day - interval '30 days' and d.status <> 'out_of_scope'
),

resources as (
    select scope, resource_id as id, resource_name, owner, recency, server_id from compliance.resource_compliance
),

alike as (
    select r.scope, r.id
    from resources as r
    inner join daily as d on r.scope = d.scope and r.id = d.id
    inner join daily as s on r.scope = s.scope and r.server_id = s.id and d.day = s.day
    group by r.scope, r.id
    having bool_and(d.state = s.state or d.state = 'no_snapshot')
)

select
    r.scope,
    r.id,
    coalesce(nullif(trim(r.resource_name), ''), r.id) as resource,
    r.owner,
    list(d.status order by d.day) as statuses,
    list(d.day order by d.day) as days
from resources as r
inner join daily as d on r.scope = d.scope and r.id = d.id
anti join alike as a on r.scope = a.scope and r.id = a.id
group by r.scope, r.id, r.resource_name, r.owner, r.recency
order by
    case r.recency when 'fail' then 1 when 'unknown' then 2 else 3 end,
    count(*) filter (where d.state = 'missed') desc,
    count(*) filter (where d.state = 'late') desc,
    resource,
    r.id
