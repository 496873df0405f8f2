-- One row a resource: how many of its last backups failed, one after the other?
-- id: consecutive-failures
-- title: Backups do not fail again and again
-- severity: high
-- version: 2
-- subject: resource
-- worse: higher
-- parameters: max_failed_attempts
-- remedy: Find the cause of the failed tasks in the console; three in a row do not mend themselves.
with demands as (
    select * from intermediate.int_requirements
),

attempts as (
    select * from intermediate.int_attempts
),

totals as (
    select
        scope,
        snapshot_id,
        resource_id,
        count(*) as attempts,
        max(created_at) filter (where outcome = 'unknown') as last_unsaid_at,
        max(created_at) filter (where outcome = 'succeeded') as last_success_at
    from attempts
    group by scope, snapshot_id, resource_id
),

trailing_run as (
    -- Failed ones that were purged since are kept from the history.
    select
        a.scope,
        a.snapshot_id,
        a.resource_id,
        count(*) as failures,
        min(a.created_at) as first_failure_at,
        max(a.created_at) as last_failure_at,
        coalesce(list_sort(array_agg(a.backup_id)), cast([] as varchar[])) as backup_ids
    from attempts as a
    inner join totals as t
        on a.scope = t.scope and a.snapshot_id = t.snapshot_id and a.resource_id = t.resource_id
    where a.outcome = 'failed' and (a.created_at > t.last_success_at or t.last_success_at is null)
    group by a.scope, a.snapshot_id, a.resource_id
),

judged as (
    select
        d.scope,
        d.snapshot_id,
        d.resource_id,
        d.max_failed_attempts,
        r.first_failure_at,
        r.backup_ids,
        coalesce(r.failures, 0) as failures,
        case
            when d.only_replicas then 'judged_at_source'
            when d.subject_type = 'volume_via_server' then 'judged_with_server'
            when coalesce(r.failures, 0) > d.max_failed_attempts then 'failing'
            when t.attempts is null then 'no_attempt'
            when t.last_unsaid_at > t.last_success_at then 'status_not_known'
            when t.last_unsaid_at is not null and t.last_success_at is null then 'status_not_known'
            when r.failures > 0 then 'failed_lately'
            else 'none_failed'
        end as reason_code
    from demands as d
    left join totals as t
        on d.scope = t.scope and d.snapshot_id = t.snapshot_id and d.resource_id = t.resource_id
    left join trailing_run as r
        on d.scope = r.scope and d.snapshot_id = r.snapshot_id and d.resource_id = r.resource_id
)

select
    scope,
    snapshot_id,
    resource_id as subject_id,
    case
        when reason_code in ('judged_at_source', 'judged_with_server', 'no_attempt') then 'not_applicable'
        when reason_code in ('none_failed', 'failed_lately') then 'pass'
        when reason_code = 'failing' then 'fail'
        else 'unknown'
    end as status,
    reason_code,
    case reason_code
        when 'judged_at_source' then 'Only copies are kept here; the resource is judged in the scope where it lives.'
        when 'judged_with_server' then 'Its backups are part of those of its server.'
        when 'no_attempt' then 'No backup of it is on record.'
        when 'status_not_known' then 'A backup has a status that is not documented, and none succeeded since.'
        when 'none_failed' then 'Its last backup did not fail.'
        else 'Its last ' || cast(failures as varchar) || ' backups failed, the first at ' || cast(date_trunc('second', first_failure_at) as varchar) || '; ' || cast(max_failed_attempts as varchar) || ' are allowed.'
    end as reason,
    failures as measured_value,
    'failures in a row' as measured_unit,
    max_failed_attempts as threshold_value,
    coalesce(backup_ids, cast([] as varchar[])) as evidence_backup_ids,
    case when reason_code = 'failing' then first_failure_at end as failing_since
from judged
