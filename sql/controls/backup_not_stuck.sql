-- One row per recovery point: has it been in a transient state for too long?
-- id: backup-not-stuck
-- title: No backup, restore or deletion is stuck
-- severity: medium
-- version: 2
-- subject: recovery_point
-- worse: higher
-- parameters: stuck_hours, deletion_stuck_hours
-- remedy: Open a ticket with the service and give the ID of the backup. Users cannot end this
--   state.
-- reasons:
--   running: pass: It has been {backup_status} for {whole_hours} h; the limit is {limit_hours} h.
--   stuck: fail: It has been {backup_status} for {whole_hours} h; the limit is {limit_hours} h.
--   time_not_known: unknown: It is {backup_status}, but the start time is unknown.
--   status_not_known: unknown: Its status is not documented: {backup_status}.
--   at_rest: not_applicable: No operation is running on it.
with transient_states as (
    select
        scope,
        points.snapshot_id,
        points.backup_id,
        points.status,
        points.state,
        -- The first snapshot with this state is more reliable than updated_at, which may move. If
        -- all snapshots have this state, it may have begun before the first of them.
        case
            when points.state_since > points.first_seen then points.state_since
            else least(
                coalesce(points.updated_at, points.created_at),
                coalesce(points.state_since, points.updated_at, points.created_at)
            )
        end as since_at,
        requirements.as_of,
        case
            when points.state = 'going' then requirements.deletion_stuck_hours
            else requirements.stuck_hours
        end as limit_hours,
        points.state in ('in_flight', 'going')
        or points.status in ('restoring', 'waiting_restore') as is_passing
    from intermediate.int_recovery_points as points
    inner join intermediate.int_requirements as requirements using (scope, resource_id)
),

durations as (
    select
        *,
        cast(
            date_diff(
                'second', date_trunc('second', since_at), date_trunc('second', as_of)
            ) as double
        ) / 3600.0 as hours
    from transient_states
)

select
    scope,
    snapshot_id,
    backup_id as subject_id,
    case
        when state = 'unknown' then 'status_not_known'
        when not is_passing then 'at_rest'
        when since_at is null then 'time_not_known'
        when since_at < as_of - limit_hours * interval '1' hour then 'stuck'
        else 'running'
    end as reason_code,
    case when is_passing then hours end as measured_value,
    'h' as measured_unit,
    limit_hours as threshold_value,
    since_at + limit_hours * interval '1' hour as failing_since,
    status as backup_status,
    cast(floor(hours) as bigint) as whole_hours,
    limit_hours
from durations
