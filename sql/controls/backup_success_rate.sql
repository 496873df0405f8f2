-- One row per resource: what share of its backups succeeded?
-- id: backup-success-rate
-- title: Nearly all backups succeed
-- severity: medium
-- version: 3
-- subject: resource
-- worse: lower
-- parameters: min_success_percent, min_attempts, gap_window_days
-- remedy: See compliance.backup_outcomes_daily for the days with failures, and fix the most
--   frequent cause first.
-- reasons:
--   good: pass: {succeeded} of {finished} finished backups succeeded{missed_note};
--     {min_success_percent} % are required.
--   low: fail: {succeeded} of {finished} finished backups succeeded{missed_note};
--     {min_success_percent} % are required.
--   too_few: unknown: Only {finished} finished backups were seen; {min_attempts} are needed for a
--     rate.
--   status_not_known: unknown: Some backups have an undocumented status; if they failed, the
--     success rate is too low.
--   judged_at_source: not_applicable: Only copies are stored in this scope; the resource is judged
--     in its source scope.
--   judged_with_server: not_applicable: Its backups are part of its server's backups.
--   lost: not_applicable: It has no backups left: see resource-protection-lost.
with outcomes as (
    select
        scope,
        resource_id,
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
    group by scope, resource_id
)

select
    scope,
    requirements.snapshot_id,
    resource_id as subject_id,
    case
        when requirements.only_replicas then 'judged_at_source'
        when requirements.subject_type = 'volume_via_server' then 'judged_with_server'
        when requirements.lost_at is not null then 'lost'
        when coalesce(outcomes.finished, 0) < requirements.min_attempts then 'too_few'
        when outcomes.succeeded * 100
            >= requirements.min_success_percent * (outcomes.finished + outcomes.unsaid)
            then 'good'
        when outcomes.succeeded * 100 >= requirements.min_success_percent * outcomes.finished
            then 'status_not_known'
        else 'low'
    end as reason_code,
    100.0 * (cast(outcomes.succeeded as double) / nullif(outcomes.finished, 0)) as measured_value,
    '%' as measured_unit,
    requirements.min_success_percent as threshold_value,
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
    requirements.min_success_percent,
    requirements.min_attempts
from intermediate.int_requirements as requirements
left join outcomes using (scope, resource_id)
