-- One row a recovery point: did its replication to each region end well?
-- id: replication-healthy
-- title: Each replication that was begun ended well
-- severity: high
-- version: 2
-- subject: recovery_point
-- worse: higher
-- parameters: replication_stuck_hours
-- remedy: Look up the failure code; most are a full or deleted target vault, a missing agency, or a quota in the target region.
with points as (
    select * from intermediate.int_recovery_points
),

records as (
    select * from intermediate.int_replications
),

demands as (
    select * from intermediate.int_requirements
),

latest as (
    -- An old failure that was followed by a success has healed.
    select
        r.*,
        d.replication_stuck_hours,
        r.status in ('replicating', 'waiting_replicate')
        and r.created_at < d.as_of - d.replication_stuck_hours * interval '1' hour as is_stuck
    from records as r
    inner join points as p
        on r.scope = p.scope and r.snapshot_id = p.snapshot_id and r.backup_id = p.backup_id
    inner join demands as d
        on p.scope = d.scope and p.snapshot_id = d.snapshot_id and p.resource_id = d.resource_id
    where r.place = 1
),

counted as (
    select
        scope,
        snapshot_id,
        backup_id,
        count(*) as regions,
        count(*) filter (where status = 'fail') as failed,
        count(*) filter (where is_stuck) as stuck,
        count(*) filter (where status in ('replicating', 'waiting_replicate') and not is_stuck) as running,
        count(*) filter (where status in ('replicating', 'waiting_replicate') and is_stuck is null) as undated,
        count(*) filter (where status = 'skip') as skipped,
        count(*) filter (where status = 'success') as succeeded,
        max(case when status = 'fail' then coalesce(nullif(fail_code, ''), 'no code') || ', ' || coalesce(nullif(fail_reason, ''), 'no reason given') end) as failure,
        min(
            case
                when status = 'fail' then created_at
                when is_stuck then created_at + replication_stuck_hours * interval '1' hour
            end
        ) as failing_since
    from latest
    group by scope, snapshot_id, backup_id
),

judged as (
    select
        p.scope,
        p.snapshot_id,
        p.backup_id,
        c.failure,
        c.failing_since,
        coalesce(c.regions, 0) as regions,
        coalesce(c.failed, 0) + coalesce(c.stuck, 0) as broken,
        case
            when p.is_replica then 'is_a_copy'
            when not p.replication_loaded and p.level in ('server', 'unknown') then 'records_not_sent'
            when coalesce(c.regions, 0) = 0 then 'no_record'
            when c.failed > 0 then 'failed'
            when c.stuck > 0 then 'stuck'
            when c.succeeded + c.skipped + c.running + c.undated < c.regions then 'status_not_known'
            when c.undated > 0 then 'start_not_known'
            when c.running > 0 then 'running'
            when c.succeeded > 0 then 'succeeded'
            else 'skipped'
        end as reason_code
    from points as p
    left join counted as c
        on p.scope = c.scope and p.snapshot_id = c.snapshot_id and p.backup_id = c.backup_id
)

select
    scope,
    snapshot_id,
    backup_id as subject_id,
    case
        when reason_code in ('is_a_copy', 'no_record', 'running', 'skipped') then 'not_applicable'
        when reason_code = 'succeeded' then 'pass'
        when reason_code in ('failed', 'stuck') then 'fail'
        else 'unknown'
    end as status,
    reason_code,
    case reason_code
        when 'is_a_copy' then 'It is a copy itself.'
        when 'records_not_sent' then 'The service does not say whether it was replicated.'
        when 'no_record' then 'No replication of it was begun.'
        when 'failed' then 'Replication failed: ' || failure || '.'
        when 'stuck' then 'A replication is not finished long after it began.'
        when 'status_not_known' then 'A replication has a status that is not documented.'
        when 'start_not_known' then 'A replication is not finished and does not say when it began.'
        when 'running' then 'Its replication is not finished yet.'
        when 'succeeded' then 'No replication of it failed or is stuck.'
        else 'The service skipped its replication.'
    end as reason,
    broken as measured_value,
    'regions' as measured_unit,
    0 as threshold_value,
    cast(null as varchar[]) as evidence_backup_ids,
    case when reason_code in ('failed', 'stuck') then failing_since end as failing_since
from judged
