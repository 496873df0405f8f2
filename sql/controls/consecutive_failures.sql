-- One row per resource: how many of its last backups failed in a row?
-- id: consecutive-failures
-- title: Backups do not fail repeatedly
-- severity: high
-- version: 3
-- subject: resource
-- worse: higher
-- parameters: max_failed_attempts
-- remedy: Find the cause of the failed tasks in the console. Three failures in a row rarely resolve
--   themselves.
-- reasons:
--   none_failed: pass: Its last backup did not fail.
--   failed_lately: pass: Its last {failures} backups failed{missed_note}, the first at
--     {first_failed_at}; {max_failed_attempts} are allowed.
--   failing: fail: Its last {failures} backups failed{missed_note}, the first at
--     {first_failed_at}; {max_failed_attempts} are allowed.
--   status_not_known: unknown: A backup has an undocumented status, and none has succeeded since.
--   judged_at_source: not_applicable: Only copies are stored in this scope; the resource is judged
--     in its source scope.
--   judged_with_server: not_applicable: Its backups are part of its server's backups.
--   no_attempt: not_applicable: No backup of it is on record.
with last_outcomes as (
    select
        scope,
        resource_id,
        max(attempted_at) filter (where outcome = 'unknown') as last_unsaid_at,
        max(attempted_at) filter (where outcome = 'succeeded') as last_success_at
    from intermediate.int_attempt_outcomes
    group by scope, resource_id
),

trailing_failures as (
    -- Includes failed backups that have been purged since; the history has them.
    select
        scope,
        resource_id,
        count(*) as failures,
        count(*) filter (where attempts.is_missed) as missed,
        min(attempts.attempted_at) as first_failure_at,
        coalesce(
            list_sort(array_agg(attempts.backup_id) filter (where not attempts.is_missed)),
            cast([] as varchar[])
        ) as backup_ids
    from intermediate.int_attempt_outcomes as attempts
    inner join last_outcomes using (scope, resource_id)
    where attempts.outcome = 'failed'
        and (
            attempts.attempted_at > last_outcomes.last_success_at
            or last_outcomes.last_success_at is null
        )
    group by scope, resource_id
)

select
    scope,
    requirements.snapshot_id,
    resource_id as subject_id,
    case
        when requirements.only_replicas then 'judged_at_source'
        when requirements.subject_type = 'volume_via_server' then 'judged_with_server'
        when coalesce(trailing_failures.failures, 0) > requirements.max_failed_attempts
            then 'failing'
        when last_outcomes.resource_id is null then 'no_attempt'
        when last_outcomes.last_unsaid_at > last_outcomes.last_success_at then 'status_not_known'
        when last_outcomes.last_unsaid_at is not null and last_outcomes.last_success_at is null
            then 'status_not_known'
        when trailing_failures.failures > 0 then 'failed_lately'
        else 'none_failed'
    end as reason_code,
    coalesce(trailing_failures.failures, 0) as measured_value,
    'failures in a row' as measured_unit,
    requirements.max_failed_attempts as threshold_value,
    trailing_failures.backup_ids as evidence_backup_ids,
    trailing_failures.first_failure_at as failing_since,
    trailing_failures.failures,
    -- BIGINT: Number of these that left no backup, according to the record of tasks.
    coalesce(trailing_failures.missed, 0) as missed,
    case
        when trailing_failures.missed > 0
            then ' (attempts that left none: ' || cast(trailing_failures.missed as varchar) || ')'
        else ''
    end as missed_note,
    date_trunc('second', trailing_failures.first_failure_at) as first_failed_at,
    requirements.max_failed_attempts
from intermediate.int_requirements as requirements
left join last_outcomes using (scope, resource_id)
left join trailing_failures using (scope, resource_id)
