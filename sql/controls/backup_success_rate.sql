-- One row per resource: what share of its backups ended well?
-- id: backup-success-rate
-- title: Nearly all backups end well
-- severity: medium
-- version: 2
-- subject: resource
-- worse: lower
-- parameters: min_success_percent, min_attempts, gap_window_days
-- remedy: See compliance.backup_outcomes_daily for when they fail; then mend what fails most.
-- reasons:
--   good: pass: {succeeded} of {finished} finished backups that were seen ended well;
--     {min_success_percent} % are asked for.
--   low: fail: {succeeded} of {finished} finished backups that were seen ended well;
--     {min_success_percent} % are asked for.
--   too_few: unknown: Only {finished} finished backups are seen; {min_attempts} are needed to tell.
--   status_not_known: unknown: Some backups have a status that is not documented; if they failed,
--     too few ended well.
--   judged_at_source: not_applicable: Only copies are kept here; the resource is judged in the
--     scope where it lives.
--   judged_with_server: not_applicable: Its backups are part of those of its server.
--   lost: not_applicable: It has no backup any more: see resource-protection-lost.
with outcomes as (
    select
        scope,
        resource_id,
        count(*) filter (where outcome in ('succeeded', 'failed')) as finished,
        count(*) filter (where outcome = 'succeeded') as succeeded,
        count(*) filter (where outcome = 'unknown') as unsaid,
        min(created_at) filter (where outcome = 'failed') as first_failure_at,
        coalesce(
            list_sort(array_agg(backup_id) filter (where outcome = 'failed')), cast([] as varchar[])
        ) as failed_ids
    from intermediate.int_attempts
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
    requirements.min_success_percent,
    requirements.min_attempts
from intermediate.int_requirements as requirements
left join outcomes using (scope, resource_id)
