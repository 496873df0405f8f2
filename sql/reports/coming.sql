-- One row per resource whose last recovery point expires, and per waiver that ends, within 14
-- days.
-- title: Expiring within 14 days
with expiring_points as (
    select
        scope,
        calendar.day,
        unnest(calendar.losing_last) as resource_id,
        calendar.vault_id
    from compliance.retention_calendar as calendar
    inner join staging.stg_snapshots as snapshots using (scope)
    where cast(calendar.day as date) <= cast(snapshots.as_of as date) + interval '14' day
),

ending_waivers as (
    select
        scope,
        expiring_points.day,
        'last recovery point expires' as what,
        coalesce(nullif(trim(resources.resource_name), ''), resource_id) as subject,
        expiring_points.vault_id as vault,
        resources.owner,
        resource_id as id
    from expiring_points
    left join compliance.resource_compliance as resources using (scope, resource_id)
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
)

select
    scope,
    day,
    what,
    subject,
    vault,
    owner,
    id
from ending_waivers
order by day, what, subject, id
