-- One row per resource: its status on each of the last 30 days, worst first. A disk is listed only
-- if its status differs from its server's on a day with data. Resources that the policy excludes
-- are not listed.
with newest_days as (
    select scope, max(cast(day as date)) as newest_day from compliance.rpo_daily group by scope
),

days as (
    select
        scope,
        daily.resource_id,
        daily.day,
        daily.status,
        case daily.status when 'failed_only' then 'missed' else daily.status end as state
    from compliance.rpo_daily as daily
    inner join newest_days using (scope)
    where
        cast(daily.day as date) > newest_days.newest_day - interval '30' day
        and daily.status <> 'out_of_scope'
),

disks_like_servers as (
    select resources.scope, resources.resource_id
    from compliance.resource_compliance as resources
    inner join days as disk_days using (scope, resource_id)
    inner join days as server_days
        on resources.scope = server_days.scope
        and resources.server_id = server_days.resource_id
        and disk_days.day = server_days.day
    group by resources.scope, resources.resource_id
    having bool_and(disk_days.state = server_days.state or disk_days.state = 'no_snapshot')
)

select
    scope,
    resource_id as id,
    coalesce(nullif(trim(resources.resource_name), ''), resource_id) as resource,
    resources.owner,
    list(days.status order by days.day) as statuses,
    list(days.day order by days.day) as days
from compliance.resource_compliance as resources
inner join days using (scope, resource_id)
anti join disks_like_servers using (scope, resource_id)
group by scope, resource_id, resources.resource_name, resources.owner, resources.recency
order by
    case resources.recency when 'fail' then 1 when 'unknown' then 2 else 3 end,
    count(*) filter (where days.state = 'missed') desc,
    count(*) filter (where days.state = 'late') desc,
    resource,
    id
