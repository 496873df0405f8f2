-- One row per automatic point without an expiry in a vault whose only enabled backup policy keeps
-- the newest points of days, weeks, months or years: until when it is certainly kept, and how long
-- it may be kept.
--
-- No point is made in a period that is over. So its newest point is kept until the policy has
-- newer points of so many later periods, and the first of the last of them is not made before that
-- period begins and a run is due.
with unread_policies as (
    -- A policy that could not be loaded may be applied to any vault.
    select distinct scope from meta.rejects where table_name in ('policies', 'policy_vaults')
),

vault_rules as (
    select
        schedules.scope,
        schedules.vault_id,
        policies.policy_id,
        policies.timezone,
        snapshots.as_of,
        snapshots.as_of - settings.clock_skew_seconds * interval '1' second as certain_until,
        schedules.pattern_problem,
        schedules.longest_interval_hours
    from intermediate.int_vault_schedules as schedules
    inner join staging.stg_snapshots as snapshots using (scope)
    inner join policy.settings using (scope)
    inner join cbr.policy_vaults as links
        on schedules.scope = links.scope and schedules.vault_id = links.vault_id
    inner join intermediate.int_policy_versions as policies
        on links.scope = policies.scope and links.policy_id = policies.policy_id
    left join unread_policies on schedules.scope = unread_policies.scope
    where unread_policies.scope is null
        and schedules.enabled_policies = 1
        and schedules.undecided_policies = 0
        and policies.valid_to is null
        and policies.enabled
        and policies.is_readable
),

clocks as (
    -- The local time now, and the largest offset of a year: no period begins earlier in UTC.
    select
        rules.scope,
        rules.vault_id,
        max(
            case
                when rules.certain_until >= offsets.starts_at
                    and rules.certain_until < offsets.ends_at
                    then rules.certain_until + offsets.offset_seconds * interval '1' second
            end
        ) as local_time,
        max(offsets.offset_seconds) as offset_seconds
    from vault_rules as rules
    inner join cbr.zone_offsets as offsets
        on rules.scope = offsets.scope and rules.timezone = offsets.timezone
    where offsets.ends_at > rules.as_of - 366 * interval '1' day
    group by rules.scope, rules.vault_id
),

local_runs as (
    select
        rules.scope,
        rules.vault_id,
        runs.run_at + offsets.offset_seconds * interval '1' second as run_at
    from vault_rules as rules
    inner join cbr.policy_runs as runs using (scope, policy_id)
    inner join cbr.zone_offsets as offsets
        on rules.scope = offsets.scope and rules.timezone = offsets.timezone
    where offsets.ends_at > rules.as_of - 366 * interval '1' day
),

earliest_runs as (
    -- The earliest time of a day at which a run is due.
    select
        scope,
        vault_id,
        min(
            date_diff(
                'second',
                date_trunc('second', date_trunc('day', run_at)),
                date_trunc('second', run_at)
            )
        ) as day_seconds
    from local_runs
    group by scope, vault_id
),

rules as (
    select
        vault_rules.*,
        clocks.local_time,
        clocks.offset_seconds,
        case
            when vault_rules.pattern_problem is null then coalesce(earliest_runs.day_seconds, 0)
            else 0
        end as day_seconds,
        periods.period,
        periods.periods_kept,
        greatest(
            cast(periods.longest_days as double),
            cast(vault_rules.longest_interval_hours as double) / 24.0
        ) as longest_days,
        vault_rules.pattern_problem is null
        and vault_rules.longest_interval_hours is not null as are_runs_known,
        case periods.period
            when 'day' then date_trunc('day', clocks.local_time)
            when 'week' then date_trunc('week', clocks.local_time)
            when 'month' then date_trunc('month', clocks.local_time)
            else date_trunc('year', clocks.local_time)
        end as period_starts_at
    from vault_rules
    inner join intermediate.int_policy_periods as periods
        on vault_rules.scope = periods.scope and vault_rules.policy_id = periods.policy_id
    left join clocks
        on vault_rules.scope = clocks.scope and vault_rules.vault_id = clocks.vault_id
    left join earliest_runs
        on vault_rules.scope = earliest_runs.scope and vault_rules.vault_id = earliest_runs.vault_id
),

kept_points as (
    select
        scope,
        points.backup_id,
        points.resource_id,
        points.vault_id,
        points.created_at
    from intermediate.int_recovery_points as points
    inner join vault_rules using (scope, vault_id)
    where points.retention_kind = 'count_or_permanent'
        and points.is_dependable
        and not points.is_replica
        and points.created_at is not null
        and not points.is_future
),

unread_scopes as (
    -- A backup that could not be loaded may be a newer point.
    select distinct scope from meta.rejects where table_name = 'backups' and not is_repeat
),

resource_rules as (
    select distinct
        scope,
        kept_points.resource_id,
        vault_id,
        rules.timezone,
        rules.period
    from kept_points
    inner join rules using (scope, vault_id)
),

placed_points as (
    -- All points of the resource, which may count, with the period that each was made in.
    select
        scope,
        points.backup_id,
        points.resource_id,
        resource_rules.vault_id,
        resource_rules.period,
        points.created_at,
        kept.backup_id is not null as is_certain,
        case resource_rules.period
            when 'day' then local_times.day_starts_at
            when 'week' then local_times.week_starts_at
            when 'month' then local_times.month_starts_at
            else local_times.year_starts_at
        end as starts_at
    from intermediate.int_recovery_points as points
    inner join resource_rules using (scope, resource_id)
    left join intermediate.int_point_periods as local_times
        on points.scope = local_times.scope
        and points.backup_id = local_times.backup_id
        and resource_rules.timezone = local_times.timezone
    left join kept_points as kept
        on points.scope = kept.scope
        and points.backup_id = kept.backup_id
        and resource_rules.vault_id = kept.vault_id
    where not points.is_replica
),

unplaced_resources as (
    select distinct scope, resource_id, vault_id
    from placed_points
    where starts_at is null
),

newest_of_periods as (
    select
        scope,
        resource_id,
        vault_id,
        period,
        starts_at,
        max(created_at) as newest_at,
        max(case when is_certain then created_at end) as newest_certain_at
    from placed_points
    where starts_at is not null
    group by scope, resource_id, vault_id, period, starts_at
),

filled_periods as (
    -- With the number of later ones: of those with a point that may count, and with one that does.
    select
        *,
        count(*) over later_periods as possible_later,
        count(newest_certain_at) over later_periods as certain_later
    from newest_of_periods
    window later_periods as (
        partition by scope, resource_id, vault_id, period
        order by starts_at desc
        rows between unbounded preceding and 1 preceding
    )
),

shared_times as (
    -- Of two points of the same moment, nobody knows which is the newest.
    select distinct scope, resource_id, vault_id, created_at
    from placed_points
    group by scope, resource_id, vault_id, period, created_at
    having count(*) > 1
),

point_periods as (
    select
        points.scope,
        points.backup_id,
        points.vault_id,
        points.created_at,
        points.period,
        rules.as_of,
        rules.policy_id,
        rules.pattern_problem,
        rules.offset_seconds,
        rules.day_seconds,
        rules.are_runs_known,
        -- The current period ends within this time, and so does each later one with its first run.
        (rules.periods_kept - filled.certain_later + 1) * rules.longest_days as days_ahead,
        rules.period_starts_at,
        filled.newest_certain_at > points.created_at
        or filled.certain_later >= rules.periods_kept as is_out,
        coalesce(
            filled.newest_at = points.created_at
            and filled.starts_at < rules.period_starts_at
            and filled.possible_later < rules.periods_kept
            and unread_scopes.scope is null
            and unplaced.resource_id is null
            and shared_times.created_at is null,
            false
        ) as is_newest,
        -- Periods from now until the one whose first point lets it go.
        rules.periods_kept - filled.possible_later
        - case when present.starts_at is null then 1 else 0 end as periods_ahead
    from placed_points as points
    inner join rules
        on points.scope = rules.scope
        and points.vault_id = rules.vault_id
        and points.period = rules.period
    left join filled_periods as filled
        on points.scope = filled.scope
        and points.resource_id = filled.resource_id
        and points.vault_id = filled.vault_id
        and points.period = filled.period
        and points.starts_at = filled.starts_at
    left join filled_periods as present
        on points.scope = present.scope
        and points.resource_id = present.resource_id
        and points.vault_id = present.vault_id
        and points.period = present.period
        and rules.period_starts_at = present.starts_at
    left join unread_scopes on points.scope = unread_scopes.scope
    left join unplaced_resources as unplaced
        on points.scope = unplaced.scope
        and points.resource_id = unplaced.resource_id
        and points.vault_id = unplaced.vault_id
    left join shared_times
        on points.scope = shared_times.scope
        and points.resource_id = shared_times.resource_id
        and points.vault_id = shared_times.vault_id
        and points.created_at = shared_times.created_at
    where points.is_certain
),

ends as (
    -- The middle of a month or year that is so many ahead lies in it, whatever their lengths.
    select
        *,
        case period
            when 'day' then period_starts_at + periods_ahead * interval '1' day
            when 'week' then period_starts_at + 7 * periods_ahead * interval '1' day
            when 'month'
                then date_trunc(
                    'month',
                    period_starts_at
                    + cast(floor(periods_ahead * 30.436875 + 15) as bigint) * interval '1' day
                )
            else date_trunc(
                'year',
                period_starts_at
                + cast(floor(periods_ahead * 365.2425 + 180) as bigint) * interval '1' day
            )
        end - offset_seconds * interval '1' second as ends_at
    from point_periods
),

due_ends as (
    select distinct scope, policy_id, ends_at
    from ends
    where is_newest and periods_ahead > 0 and pattern_problem is null
),

first_runs as (
    select
        scope,
        policy_id,
        due_ends.ends_at,
        min(runs.run_at) as run_at
    from due_ends
    inner join cbr.policy_runs as runs using (scope, policy_id)
    where runs.run_at >= due_ends.ends_at
    group by scope, policy_id, due_ends.ends_at
),

lives as (
    select
        ends.*,
        case
            when ends.is_newest
                then greatest(
                    ends.ends_at + ends.day_seconds * interval '1' second,
                    coalesce(first_runs.run_at, ends.as_of),
                    ends.as_of
                )
            else ends.as_of
        end as kept_until
    from ends
    left join first_runs using (scope, policy_id, ends_at)
)

select
    scope,
    backup_id, -- VARCHAR: ID of the backup.
    max(kept_until) as kept_until, -- TIMESTAMP: When it is certainly still kept.
    cast(
        date_diff(
            'second', date_trunc('second', created_at), date_trunc('second', max(kept_until))
        ) as double
    ) / 86400.0 as certain_days, -- DOUBLE: Days from its creation to then. Unit: d.
    -- DOUBLE: Most days from its creation for which one of the periods may keep it, if all runs
    -- succeed. Null if not known. Unit: d.
    case
        when bool_and(coalesce(is_out, false)) then 0.0
        when bool_and(coalesce(is_out, false) or (are_runs_known and days_ahead is not null))
            then max(case when not coalesce(is_out, false) then days_ahead end)
                + cast(
                    date_diff(
                        'second', date_trunc('second', created_at), date_trunc('second', as_of)
                    ) as double
                ) / 86400.0
    end as possible_days
from lives
group by scope, backup_id, created_at, as_of
