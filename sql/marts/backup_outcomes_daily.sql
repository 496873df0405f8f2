-- One row per vault and day of the window: number of backups that were started, by outcome.
-- kind: view
select
    attempts.scope,
    attempts.snapshot_id,
    days.day,
    attempts.vault_id,
    count(*) as attempts, -- BIGINT: Number of backups that were started.
    -- BIGINT: Number of backups that succeeded.
    count(*) filter (where outcome = 'succeeded') as succeeded,
    count(*) filter (where outcome = 'failed') as failed, -- BIGINT: Number of backups that failed.
    -- BIGINT: Number of unfinished backups.
    count(*) filter (where outcome = 'in_flight') as in_flight,
    -- BIGINT: Number of backups whose outcome is in no snapshot.
    count(*) filter (where outcome in ('removed', 'unknown')) as undecided,
    -- BIGINT: Number of resources with a failed backup.
    count(distinct case when outcome = 'failed' then attempts.resource_id end) as failed_resources,
    -- DOUBLE: Share of finished backups that succeeded, in percent.
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
