-- One row per vault and day of the window: number of attempts to back up a resource, by outcome.
-- kind: view
select
    attempts.scope,
    attempts.snapshot_id,
    days.day,
    attempts.vault_id,
    -- BIGINT: Number of backups that were started, and of attempts that left none.
    count(*) as attempts,
    -- BIGINT: Number of backups that succeeded.
    count(*) filter (where outcome = 'succeeded') as succeeded,
    -- BIGINT: Number of backups that failed.
    count(*) filter (where outcome = 'failed' and not is_missed) as failed,
    -- BIGINT: Number of attempts that left no backup, according to the record of tasks: skipped,
    -- timed out or failed. 0 where the record is not read.
    count(*) filter (where is_missed) as missed,
    -- BIGINT: Number of unfinished backups.
    count(*) filter (where outcome = 'in_flight') as in_flight,
    -- BIGINT: Number of backups whose outcome is in no snapshot.
    count(*) filter (where outcome in ('removed', 'unknown')) as undecided,
    -- BIGINT: Number of resources with a failed backup or an attempt that left none.
    count(distinct case when outcome = 'failed' then attempts.resource_id end) as failed_resources,
    -- DOUBLE: Share of finished attempts that succeeded, in percent.
    100.0 * (
        cast(count(*) filter (where outcome = 'succeeded') as double)
        / nullif(count(*) filter (where outcome in ('succeeded', 'failed')), 0)
    ) as success_percent
from intermediate.int_attempt_outcomes as attempts
inner join policy.days as days
    on attempts.scope = days.scope
    and attempts.attempted_at >= days.starts_at
    and attempts.attempted_at < days.ends_at
where attempts.is_in_window and days.is_past
group by attempts.scope, attempts.snapshot_id, days.day, attempts.vault_id
