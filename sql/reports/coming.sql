-- Resources whose last point expires unless a new one is made, and waivers that end.
-- title: What ends within 14 days
with ending as (
    select
        c.scope,
        c.day,
        'last recovery point expires' as what,
        unnest(c.losing_last) as subject,
        c.vault_id as vault
    from compliance.retention_calendar as c
    inner join staging.stg_snapshots as n using (scope, snapshot_id)
    where cast(c.day as date) <= cast(n.as_of as date) + interval '14 days'
    union all
    select
        scope,
        cast(cast(expires_at as date) as varchar) as day,
        'waiver of ' || control_id || ' ends' as what,
        waiver_id as subject,
        null as vault
    from compliance.waiver_register
    where days_left between 0 and 14
)

select scope, day, what, subject, vault
from ending
order by day, what, subject
