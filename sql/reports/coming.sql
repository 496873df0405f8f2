-- One row a resource whose last point expires unless a new one is made, or a waiver that ends.
-- title: What ends within 14 days
with ending as (
    select
        c.scope,
        c.day,
        'last recovery point expires' as what,
        unnest(c.losing_last) as id,
        c.vault_id as vault
    from compliance.retention_calendar as c
    inner join staging.stg_snapshots as n on c.scope = n.scope and c.snapshot_id = n.snapshot_id
    where cast(c.day as date) <= cast(n.as_of as date) + interval '14 days'
)

select
    e.scope,
    e.day,
    e.what,
    coalesce(nullif(trim(r.resource_name), ''), e.id) as subject,
    e.vault,
    r.owner,
    e.id
from ending as e
left join compliance.resource_compliance as r on e.scope = r.scope and e.id = r.resource_id
union all
select
    scope,
    cast(cast(expires_at as date) as varchar) as day,
    'waiver of ' || control_id || ' ends' as what,
    waiver_id as subject,
    null as vault,
    owner,
    waiver_id as id
from compliance.waiver_register
where days_left between 0 and 14
order by day, what, subject, id
