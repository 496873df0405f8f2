-- One row a recovery point: is it in a passing state for longer than it can take?
-- id: backup-not-stuck
-- title: No backup, restore or deletion runs for ever
-- severity: medium
-- version: 2
-- subject: recovery_point
-- worse: higher
-- parameters: stuck_hours, deletion_stuck_hours
-- remedy: Open a ticket with the service, with the id of the backup: a state that does not end can't be mended from outside.
with points as (
    select * from intermediate.int_recovery_points
),

demands as (
    select * from intermediate.int_requirements
),

measured as (
    select
        p.scope,
        p.snapshot_id,
        p.backup_id,
        p.status,
        p.state,
        -- The first snapshot that has it in this state is safer than updated_at, which may move. Where every snapshot
        -- has it so, it may have been so for longer.
        case
            when p.state_since > p.first_seen then p.state_since
            else least(coalesce(p.updated_at, p.created_at), coalesce(p.state_since, p.updated_at, p.created_at))
        end as since_at,
        d.as_of,
        case when p.state = 'going' then d.deletion_stuck_hours else d.stuck_hours end as limit_hours,
        p.state in ('in_flight', 'going') or p.status in ('restoring', 'waiting_restore') as is_passing
    from points as p
    inner join demands as d
        on p.scope = d.scope and p.snapshot_id = d.snapshot_id and p.resource_id = d.resource_id
),

judged as (
    select
        *,
        cast(date_diff('second', date_trunc('second', since_at), date_trunc('second', as_of)) as double) / 3600.0 as hours,
        case
            when state = 'unknown' then 'status_not_known'
            when not is_passing then 'at_rest'
            when since_at is null then 'time_not_known'
            when since_at < as_of - limit_hours * interval '1' hour then 'stuck'
            else 'running'
        end as reason_code
    from measured
)

select
    scope,
    snapshot_id,
    backup_id as subject_id,
    case
        when reason_code = 'at_rest' then 'not_applicable'
        when reason_code = 'running' then 'pass'
        when reason_code = 'stuck' then 'fail'
        else 'unknown'
    end as status,
    reason_code,
    case reason_code
        when 'status_not_known' then 'Its status is not a documented one: ' || coalesce(status, 'none') || '.'
        when 'at_rest' then 'Nothing is going on with it.'
        when 'time_not_known' then 'It is ' || status || ', and nothing says since when.'
        else 'It is ' || status || ' for ' || cast(cast(floor(hours) as bigint) as varchar) || ' h; the limit is ' || cast(limit_hours as varchar) || ' h.'
    end as reason,
    case when is_passing then hours end as measured_value,
    'h' as measured_unit,
    limit_hours as threshold_value,
    cast(null as varchar[]) as evidence_backup_ids,
    case when reason_code = 'stuck' then since_at + limit_hours * interval '1' hour end as failing_since
from judged
