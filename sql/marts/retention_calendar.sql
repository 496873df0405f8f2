-- One row per vault and future day on which points expire: number of points, and resources that
-- lose their last one.
-- kind: view
with expiring_points as (
    select
        points.scope,
        points.snapshot_id,
        points.vault_id,
        days.day,
        case
            when not summary.has_endless and summary.last_dependable_expiry <= points.expired_at
                then points.resource_id
        end as last_of_resource
    from intermediate.int_recovery_points as points
    inner join policy.days as days
        on points.scope = days.scope
        and points.expired_at >= days.starts_at
        and points.expired_at < days.ends_at
    left join intermediate.int_resource_summary as summary
        on points.scope = summary.scope and points.resource_id = summary.resource_id
    where points.is_dependable and not points.is_replica and not days.is_past
)

select
    scope,
    snapshot_id,
    day,
    vault_id,
    count(*) as points, -- BIGINT: Number of points that expire on that day.
    -- BIGINT: Number of resources without a point from then on, unless new points are made.
    count(distinct last_of_resource) as resources_losing_last,
    -- VARCHAR[]: Their IDs.
    coalesce(
        list_sort(
            array_agg(distinct last_of_resource) filter (where last_of_resource is not null)
        ),
        cast([] as varchar[])
    ) as losing_last
from expiring_points
group by scope, snapshot_id, day, vault_id
