-- One row a resource: what share of its backups ended well?
-- id: backup-success-rate
-- title: Nearly all backups end well
-- severity: medium
-- version: 2
-- subject: resource
-- worse: lower
-- parameters: min_success_percent, min_attempts, gap_window_days
-- remedy: See compliance.backup_outcomes_daily for when they fail; then mend what fails most.
with demands as (
    select * from intermediate.int_requirements
),

attempts as (
    select * from intermediate.int_attempts where is_in_window
),

counted as (
    select
        scope,
        snapshot_id,
        resource_id,
        count(*) filter (where outcome in ('succeeded', 'failed')) as finished,
        count(*) filter (where outcome = 'succeeded') as succeeded,
        count(*) filter (where outcome = 'unknown') as unsaid,
        min(created_at) filter (where outcome = 'failed') as first_failure_at,
        coalesce(list_sort(array_agg(backup_id) filter (where outcome = 'failed')), cast([] as varchar[])) as failed_ids
    from attempts
    group by scope, snapshot_id, resource_id
),

judged as (
    select
        d.scope,
        d.snapshot_id,
        d.resource_id,
        d.min_success_percent,
        d.min_attempts,
        c.first_failure_at,
        c.failed_ids,
        coalesce(c.finished, 0) as finished,
        coalesce(c.succeeded, 0) as succeeded,
        100.0 * (cast(c.succeeded as double) / nullif(c.finished, 0)) as percent,
        case
            when d.only_replicas then 'judged_at_source'
            when d.subject_type = 'volume_via_server' then 'judged_with_server'
            when d.lost_at is not null then 'lost'
            when coalesce(c.finished, 0) < d.min_attempts then 'too_few'
            when c.succeeded * 100 >= d.min_success_percent * (c.finished + c.unsaid) then 'good'
            when c.succeeded * 100 >= d.min_success_percent * c.finished then 'status_not_known'
            else 'low'
        end as reason_code
    from demands as d
    left join counted as c
        on d.scope = c.scope and d.snapshot_id = c.snapshot_id and d.resource_id = c.resource_id
)

select
    scope,
    snapshot_id,
    resource_id as subject_id,
    case
        when reason_code in ('judged_at_source', 'judged_with_server', 'lost') then 'not_applicable'
        when reason_code = 'good' then 'pass'
        when reason_code = 'low' then 'fail'
        else 'unknown'
    end as status,
    reason_code,
    case reason_code
        when 'judged_at_source' then 'Only copies are kept here; the resource is judged in the scope where it lives.'
        when 'judged_with_server' then 'Its backups are part of those of its server.'
        when 'lost' then 'It has no backup any more: see resource-protection-lost.'
        when 'too_few' then 'Only ' || cast(finished as varchar) || ' finished backups are seen; ' || cast(min_attempts as varchar) || ' are needed to tell.'
        when 'status_not_known' then 'Some backups have a status that is not documented; if they failed, too few ended well.'
        else cast(succeeded as varchar) || ' of ' || cast(finished as varchar) || ' finished backups that were seen ended well; ' || cast(min_success_percent as varchar) || ' % are asked for.'
    end as reason,
    percent as measured_value,
    '%' as measured_unit,
    min_success_percent as threshold_value,
    coalesce(failed_ids, cast([] as varchar[])) as evidence_backup_ids,
    case when reason_code = 'low' then first_failure_at end as failing_since
from judged
