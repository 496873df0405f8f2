-- One row per vault: what share of its backups succeeded?
-- id: vault-backup-success-rate
-- title: Nearly all backups into a vault succeed
-- severity: medium
-- version: 3
-- subject: vault
-- worse: lower
-- parameters: min_success_percent, min_attempts, gap_window_days
-- remedy: See compliance.backup_outcomes_daily for the days with failures. In a full or locked
--   vault all backups fail.
-- reasons:
--   good: pass: {succeeded} of {finished} finished backups succeeded{missed_note};
--     {min_success_percent} % are required.
--   low: fail: {succeeded} of {finished} finished backups succeeded{missed_note};
--     {min_success_percent} % are required.
--   too_few: unknown: Only {finished} finished backups were seen; {min_attempts} are needed for a
--     rate.
--   status_not_known: unknown: Some backups have an undocumented status; if they failed, the
--     success rate is too low.
--   nothing_begun: not_applicable: No backup into it was started in the window. It only has copies
--     or old backups.
with default_tiers as (
    -- A vault can have resources of several tiers, so the threshold of the default tier applies.
    select scope, min_success_percent from policy.tiers where policy_rule_id = 'default'
),

outcomes as (
    select
        scope,
        vault_id,
        count(*) filter (where outcome in ('succeeded', 'failed')) as finished,
        count(*) filter (where outcome = 'succeeded') as succeeded,
        count(*) filter (where outcome = 'unknown') as unsaid,
        count(*) filter (where is_missed) as missed,
        min(attempted_at) filter (where outcome = 'failed') as first_failure_at,
        coalesce(
            list_sort(array_agg(backup_id) filter (where outcome = 'failed' and not is_missed)),
            cast([] as varchar[])
        ) as failed_ids
    from intermediate.int_attempt_outcomes
    where is_in_window
    group by scope, vault_id
)

select
    scope,
    vaults.snapshot_id,
    vault_id as subject_id,
    case
        when outcomes.failed_ids is null then 'nothing_begun'
        when outcomes.finished < settings.min_attempts then 'too_few'
        when outcomes.succeeded * 100
            >= default_tiers.min_success_percent * (outcomes.finished + outcomes.unsaid)
            then 'good'
        when outcomes.succeeded * 100 >= default_tiers.min_success_percent * outcomes.finished
            then 'status_not_known'
        else 'low'
    end as reason_code,
    100.0 * (cast(outcomes.succeeded as double) / nullif(outcomes.finished, 0)) as measured_value,
    '%' as measured_unit,
    default_tiers.min_success_percent as threshold_value,
    outcomes.failed_ids as evidence_backup_ids,
    outcomes.first_failure_at as failing_since,
    coalesce(outcomes.succeeded, 0) as succeeded,
    coalesce(outcomes.finished, 0) as finished,
    -- BIGINT: Number of these that left no backup, according to the record of tasks.
    coalesce(outcomes.missed, 0) as missed,
    case
        when outcomes.missed > 0
            then ' (attempts that left none: ' || cast(outcomes.missed as varchar) || ')'
        else ''
    end as missed_note,
    default_tiers.min_success_percent,
    settings.min_attempts
from intermediate.int_vaults as vaults
inner join policy.settings as settings using (scope)
inner join default_tiers using (scope)
left join outcomes using (scope, vault_id)
