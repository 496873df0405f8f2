-- One row per recovery point: did its replication to each region succeed?
-- id: replication-healthy
-- title: Every replication that was started succeeded
-- severity: high
-- version: 2
-- subject: recovery_point
-- worse: higher
-- parameters: replication_stuck_hours
-- remedy: Look up the failure code. Most causes are a full or deleted target vault, a missing
--   agency, or a quota in the target region.
-- reasons:
--   succeeded: pass: None of its replications failed or is stuck.
--   failed: fail: A replication failed: {failure}.
--   stuck: fail: A replication started long ago and is not finished.
--   records_not_sent: unknown: The service does not report whether it was replicated.
--   start_not_known: unknown: A replication is not finished and has no start time.
--   status_not_known: unknown: A replication has an undocumented status.
--   is_a_copy: not_applicable: It is itself a copy.
--   no_record: not_applicable: No replication of it was started.
--   running: not_applicable: Its replication is not finished yet.
--   skipped: not_applicable: The service skipped its replication.
with latest_replications as (
    -- Only the latest replication to each region counts: a later success clears a failure.
    select
        replications.*,
        requirements.replication_stuck_hours,
        replications.status in ('replicating', 'waiting_replicate') as is_running,
        replications.created_at
        < requirements.as_of - requirements.replication_stuck_hours * interval '1' hour as is_old
    from intermediate.int_replications as replications
    inner join intermediate.int_recovery_points as points using (scope, backup_id)
    inner join intermediate.int_requirements as requirements
        on points.scope = requirements.scope and points.resource_id = requirements.resource_id
    where replications.place = 1
),

outcomes as (
    select
        scope,
        backup_id,
        count(*) as regions,
        count(*) filter (where status = 'fail') as failed,
        count(*) filter (where is_running and is_old) as stuck,
        count(*) filter (where is_running and not is_old) as running,
        count(*) filter (where is_running and is_old is null) as undated,
        count(*) filter (where status = 'skip') as skipped,
        count(*) filter (where status = 'success') as succeeded,
        max(
            case
                when status = 'fail'
                    then coalesce(nullif(fail_code, ''), 'no code')
                        || ', '
                        || coalesce(nullif(fail_reason, ''), 'no reason given')
            end
        ) as failure,
        min(
            case
                when status = 'fail' then created_at
                when is_running and is_old
                    then created_at + replication_stuck_hours * interval '1' hour
            end
        ) as failing_since
    from latest_replications
    group by scope, backup_id
)

select
    scope,
    points.snapshot_id,
    backup_id as subject_id,
    case
        when points.is_replica then 'is_a_copy'
        when not points.replication_loaded and points.level in ('server', 'unknown')
            then 'records_not_sent'
        when coalesce(outcomes.regions, 0) = 0 then 'no_record'
        when outcomes.failed > 0 then 'failed'
        when outcomes.stuck > 0 then 'stuck'
        when outcomes.succeeded + outcomes.skipped + outcomes.running + outcomes.undated
            < outcomes.regions
            then 'status_not_known'
        when outcomes.undated > 0 then 'start_not_known'
        when outcomes.running > 0 then 'running'
        when outcomes.succeeded > 0 then 'succeeded'
        else 'skipped'
    end as reason_code,
    coalesce(outcomes.failed + outcomes.stuck, 0) as measured_value,
    'regions' as measured_unit,
    0 as threshold_value,
    outcomes.failing_since,
    outcomes.failure
from intermediate.int_recovery_points as points
left join outcomes using (scope, backup_id)
