-- One row a resource: how each of the last 30 days ended for it, the worst first. A disk is listed where its days are not
-- those of its server.
with newest as (
    select scope, max(cast(day as date)) as day from compliance.rpo_daily group by scope
),

days as (
    select
        d.scope,
        d.resource_id as id,
        list(d.status order by d.day) as statuses,
        list(d.day order by d.day) as days,
        count(*) filter (where d.status in ('missed', 'failed_only')) as missed,
        count(*) filter (where d.status = 'late') as late
    from compliance.rpo_daily as d
    inner join newest as n on d.scope = n.scope
    where cast(d.day as date) > n.day - interval '30 days'
    group by d.scope, d.resource_id
),

named as (
    select
        d.*,
        coalesce(nullif(trim(r.resource_name), ''), d.id) as resource,
        r.owner,
        r.recency,
        r.server_id
    from days as d
    inner join compliance.resource_compliance as r on d.scope = r.scope and d.id = r.resource_id
)

select d.scope, d.id, d.resource, d.owner, d.statuses, d.days
from named as d
anti join named as s on d.scope = s.scope and d.server_id = s.id and d.statuses = s.statuses
order by
    case d.recency when 'fail' then 1 when 'unknown' then 2 else 3 end, d.missed desc, d.late desc, d.resource, d.id
