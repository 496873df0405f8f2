-- One row a vault and day of the window: how many backups were begun, and how they ended.
-- kind: view
with days as (
    select * from policy.days where is_past
),

attempts as (
    select * from intermediate.int_attempts where is_in_window
)

select
    a.scope,
    a.snapshot_id,
    d.day,
    a.vault_id,
    count(*) as attempts, -- BIGINT: Backups that were begun and seen.
    count(*) filter (where a.outcome = 'succeeded') as succeeded, -- BIGINT: Those that ended well.
    count(*) filter (where a.outcome = 'failed') as failed, -- BIGINT: Those that failed.
    count(*) filter (where a.outcome = 'in_flight') as in_flight, -- BIGINT: Those that are not finished.
    count(*) filter (where a.outcome in ('removed', 'unknown')) as undecided, -- BIGINT: Those of which no snapshot saw how they ended.
    count(distinct case when a.outcome = 'failed' then a.resource_id end) as failed_resources, -- BIGINT: Resources with a failure.
    100.0 * (
        cast(count(*) filter (where a.outcome = 'succeeded') as double)
        / nullif(count(*) filter (where a.outcome in ('succeeded', 'failed')), 0)
    ) as success_percent -- DOUBLE: Share of the finished ones that ended well.
from attempts as a
inner join days as d
    on a.scope = d.scope
    and a.snapshot_id = d.snapshot_id
    and a.created_at >= d.starts_at
    and a.created_at < d.ends_at
group by a.scope, a.snapshot_id, d.day, a.vault_id
