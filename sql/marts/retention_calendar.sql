-- One row a vault and coming day on which points expire: how many, and which resources lose their last one.
-- kind: view
with days as (
    select * from policy.days where not is_past
),

points as (
    select * from intermediate.int_recovery_points where is_dependable and not is_replica and expired_at is not null
),

standing as (
    select * from intermediate.int_resource_summary where not has_endless
),

expiring as (
    select
        p.scope,
        p.snapshot_id,
        p.vault_id,
        p.backup_id,
        case when s.last_dependable_expiry <= p.expired_at then p.resource_id end as loses,
        d.day
    from points as p
    inner join days as d
        on p.scope = d.scope
        and p.snapshot_id = d.snapshot_id
        and p.expired_at >= d.starts_at
        and p.expired_at < d.ends_at
    left join standing as s
        on p.scope = s.scope and p.snapshot_id = s.snapshot_id and p.resource_id = s.resource_id
)

select
    scope,
    snapshot_id,
    day,
    vault_id,
    count(*) as points, -- BIGINT: Points that expire on that day.
    count(distinct loses) as resources_losing_last, -- BIGINT: Resources that have none left then, unless new ones come.
    coalesce(list_sort(array_agg(distinct loses) filter (where loses is not null)), cast([] as varchar[])) as losing_last -- VARCHAR[]: Their ids.
from expiring
group by scope, snapshot_id, day, vault_id
