-- One row per vault and day of the window: how many backups were begun, and how they ended.
-- kind: view
select
    attempts.scope,
    attempts.snapshot_id,
    days.day,
    attempts.vault_id,
    count(*) as attempts, -- BIGINT: Backups that were begun and seen.
    count(*) filter (where outcome = 'succeeded') as succeeded, -- BIGINT: Those that ended well.
    count(*) filter (where outcome = 'failed') as failed, -- BIGINT: Those that failed.
    count(*) filter (where outcome = 'in_flight') as in_flight, -- BIGINT: Those not finished.
    -- BIGINT: Those of which no snapshot saw how they ended.
    count(*) filter (where outcome in ('removed', 'unknown')) as undecided,
    -- BIGINT: Resources with a failure.
    count(distinct case when outcome = 'failed' then attempts.resource_id end) as failed_resources,
    -- DOUBLE: Share of the finished ones that ended well.
    100.0 * (
        cast(count(*) filter (where outcome = 'succeeded') as double)
        / nullif(count(*) filter (where outcome in ('succeeded', 'failed')), 0)
    ) as success_percent
from intermediate.int_attempts as attempts
inner join policy.days as days
    on attempts.scope = days.scope
    and attempts.created_at >= days.starts_at
    and attempts.created_at < days.ends_at
where attempts.is_in_window and days.is_past
group by attempts.scope, attempts.snapshot_id, days.day, attempts.vault_id
