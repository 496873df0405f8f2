-- One row per gap of a resource in the window: an interval between its recovery points that is
-- longer than RPO and grace, or the open interval, which ends at as_of. All points that were usable
-- in any snapshot count.
with requirements as (
    select
        scope,
        snapshot_id,
        as_of,
        resource_id,
        policy_rule_id,
        rpo_hours,
        rpo_hours + grace_hours as limit_hours,
        clock_skew_seconds,
        as_of - gap_window_days * interval '1' day as window_start
    from intermediate.int_requirements
    where not only_replicas
),

usable_points as (
    select *
    from intermediate.int_resource_points
    where not is_replica and is_usable and rp_time is not null
),

attempts as (
    -- Points before the window are used up to the look-back limit.
    select attempts.*
    from intermediate.int_attempts as attempts
    inner join policy.settings using (scope)
    where attempts.was_usable
        and (
            attempts.gone_at is null
            or attempts.gone_at >= attempts.as_of - settings.look_back_days * interval '1' day
        )
),

first_readings as (
    select scope, min(first_seen) as first_reading_at
    from history.backup_lifecycle
    group by scope
),

once_usable_parts as (
    select distinct
        scope,
        parts.resource_id,
        backup_id,
        attempts.resource_id as server_id,
        attempts.rp_time
    from attempts
    inner join staging.stg_closed_parts as parts using (scope, backup_id)
    where parts.is_usable
),

lost_points as (
    -- Points of the resource itself that have disappeared or are no longer usable.
    select
        scope,
        resource_id,
        backup_id,
        cast(null as varchar) as server_id,
        attempts.rp_time
    from attempts
    left join usable_points as points using (scope, resource_id, backup_id)
    where points.rp_time is null
    union all
    -- Parts that were usable when they were read, whether the backup or the part changed since.
    select
        scope,
        resource_id,
        backup_id,
        parts.server_id,
        parts.rp_time
    from once_usable_parts as parts
    left join usable_points as points using (scope, resource_id, backup_id)
    where points.rp_time is null
    union all
    -- Parts that were not read again, as they were last read.
    select
        scope,
        coalesce(nullif(parts.resource_id, ''), 'resource of backup ' || parts.id) as resource_id,
        backup_id,
        attempts.resource_id as server_id,
        attempts.rp_time
    from attempts
    inner join history.children_unread as parts using (scope, backup_id)
    inner join staging.stg_statuses as statuses on parts.status = statuses.status
    where statuses.state = 'usable'
),

lost_totals as (
    select
        scope,
        resource_id,
        count(*) as points,
        min(coalesce(server_id, '')) as first_server_id,
        max(coalesce(server_id, '')) as last_server_id
    from lost_points
    group by scope, resource_id
),

totals as (
    select
        scope,
        resource_id,
        requirements.policy_rule_id,
        coalesce(summaries.usable_points, 0) + coalesce(lost.points, 0) as points,
        coalesce(summaries.lasting_points, 0) as lasting_points,
        least(
            coalesce(summaries.first_server_id, lost.first_server_id),
            coalesce(lost.first_server_id, summaries.first_server_id)
        ) as first_server_id,
        greatest(
            coalesce(summaries.last_server_id, lost.last_server_id),
            coalesce(lost.last_server_id, summaries.last_server_id)
        ) as last_server_id
    from requirements
    left join intermediate.int_resource_summary as summaries using (scope, resource_id)
    left join lost_totals as lost using (scope, resource_id)
),

followers as (
    -- A disk that is in each backup of one server has the gaps of that server, if both have the
    -- same requirements. Only the remaining resources are sorted, to save time.
    select
        disks.scope,
        disks.resource_id,
        disks.first_server_id as leader_id
    from totals as disks
    inner join totals as servers
        on disks.scope = servers.scope and disks.first_server_id = servers.resource_id
    where disks.first_server_id = disks.last_server_id
        and servers.last_server_id = ''
        and disks.points = servers.points
        and disks.lasting_points = servers.lasting_points
        and disks.policy_rule_id = servers.policy_rule_id
),

leaders as (
    select
        requirements.*,
        resource_id as leader_id
    from requirements
    left join followers using (scope, resource_id)
    where followers.leader_id is null
),

interval_ends as (
    -- Points dated in the future do not close a gap.
    select
        scope,
        resource_id,
        points.backup_id,
        points.rp_time,
        coalesce(points.is_dependable, false) as still_exists,
        false as is_open
    from usable_points as points
    inner join leaders using (scope, resource_id)
    where points.rp_time <= leaders.as_of + leaders.clock_skew_seconds * interval '1' second
    union all
    select
        scope,
        resource_id,
        points.backup_id,
        points.rp_time,
        false as still_exists,
        false as is_open
    from lost_points as points
    inner join leaders using (scope, resource_id)
    union all
    -- The open gap ends at as_of.
    select
        scope,
        resource_id,
        cast(null as varchar) as backup_id,
        as_of as rp_time,
        true as still_exists,
        true as is_open
    from leaders
),

intervals as (
    select
        *,
        lag(rp_time) over (
            partition by scope, resource_id order by is_open, rp_time, backup_id, still_exists desc
        ) as previous_at,
        lag(backup_id) over (
            partition by scope, resource_id order by is_open, rp_time, backup_id, still_exists desc
        ) as previous_id,
        max(case when still_exists then rp_time end) over (
            partition by scope, resource_id
            order by is_open, rp_time, backup_id, still_exists desc
            rows between unbounded preceding and 1 preceding
        ) as previous_existing_at
    from interval_ends
),

windowed_intervals as (
    -- Points between the last point before the window and the first snapshot may have been purged
    -- unseen.
    select
        intervals.*,
        leaders.snapshot_id,
        leaders.leader_id,
        leaders.rpo_hours,
        leaders.limit_hours,
        leaders.window_start,
        case
            when previous_at is null then rp_time
            when previous_at < leaders.window_start
                and rp_time <= previous_at + leaders.limit_hours * interval '1' hour
                then leaders.window_start
            when previous_at < leaders.window_start
                then greatest(
                    leaders.window_start, least(coalesce(first_reading_at, leaders.as_of), rp_time)
                )
        end as begins_at
    from intervals
    inner join leaders using (scope, resource_id)
    left join first_readings using (scope)
    where rp_time >= leaders.window_start
),

measured_intervals as (
    select
        *,
        rp_time > previous_at + limit_hours * interval '1' hour
        and (is_open or begins_at is null or begins_at < rp_time) as is_breach,
        still_exists
        and rp_time > previous_existing_at + limit_hours * interval '1' hour as is_breach_now,
        greatest(
            previous_at + rpo_hours * interval '1' hour, coalesce(begins_at, window_start)
        ) as beyond_from,
        min(begins_at) over (partition by scope, resource_id) as counted_from
    from windowed_intervals
),

resources as (
    select scope, resource_id, leader_id from leaders
    union all
    select scope, resource_id, leader_id from followers
)

select
    scope,
    gaps.snapshot_id,
    resources.resource_id, -- VARCHAR: ID of the resource.
    gaps.previous_at as gap_start, -- TIMESTAMP: Capture time of the point before the gap.
    gaps.rp_time as gap_end, -- TIMESTAMP: Capture time of the next point, or as_of.
    gaps.is_open, -- BOOLEAN: Whether no point has closed the gap yet.
    gaps.previous_id as start_backup_id, -- VARCHAR: ID of the point before the gap.
    gaps.backup_id as end_backup_id, -- VARCHAR: ID of the next point. Null if the gap is open.
    gaps.still_exists, -- BOOLEAN: Whether the point that closes the gap is still dependable.
    cast(
        date_diff(
            'second', date_trunc('second', gaps.previous_at), date_trunc('second', gaps.rp_time)
        ) as double
    ) / 3600.0 as hours, -- DOUBLE: Length of the gap.
    -- BOOLEAN: Whether the gap is longer than RPO and grace.
    coalesce(gaps.is_breach, false) as is_breach,
    case
        when gaps.is_breach
            then greatest(
                cast(
                    date_diff(
                        'second',
                        date_trunc('second', gaps.beyond_from),
                        date_trunc('second', gaps.rp_time)
                    ) as double
                ) / 3600.0,
                0.0
            )
        else 0.0
    end
        as exposure_hours, -- DOUBLE: Time beyond the RPO, in the window, if the gap is a breach.
    case
        when gaps.still_exists
            then cast(
                date_diff(
                    'second',
                    date_trunc('second', gaps.previous_existing_at),
                    date_trunc('second', gaps.rp_time)
                ) as double
            ) / 3600.0
    end as hours_now, -- DOUBLE: Length of the gap between points that are dependable now.
    -- TIMESTAMP: Start of the period in which its gaps are counted: the start of the window, or
    -- later.
    gaps.counted_from
from resources
inner join measured_intervals as gaps using (scope, leader_id)
where gaps.is_breach or gaps.is_open or gaps.is_breach_now
