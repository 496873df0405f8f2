-- One row per backup policy of the service and period whose newest points it keeps.
with kept_periods as (
    -- N months in a row have at least so many days, February among them.
    select
        policies.scope,
        policies.id as policy_id,
        policies.operation_definition_timezone as timezone,
        periods.period,
        periods.longest_days,
        case periods.period
            when 'day' then policies.operation_definition_day_backups
            when 'week' then policies.operation_definition_week_backups
            when 'month' then policies.operation_definition_month_backups
            else policies.operation_definition_year_backups
        end as periods_kept
    from cbr.policies as policies
    cross join (
        values ('day', 1), ('week', 7), ('month', 31), ('year', 366)
    ) as periods (period, longest_days)
    where policies.operation_type = 'backup'
)

select
    scope,
    policy_id, -- VARCHAR: ID of the policy.
    timezone, -- VARCHAR: Time zone of the period, as received.
    period, -- VARCHAR: day, week, month or year.
    -- BIGINT: Number of these, among those with a point, whose newest point it keeps.
    periods_kept,
    longest_days, -- BIGINT: Days of the longest such period. Unit: d.
    -- BIGINT: Least number of days that so many of them have in a row. Unit: d.
    case period
        when 'day' then periods_kept
        when 'week' then periods_kept * 7
        when 'month'
            then cast(
                floor(
                    cast(periods_kept * 365 as double) / 12
                    - case
                        when periods_kept = 12 * floor(cast(periods_kept as double) / 12) then 0
                        else 2
                    end
                ) as bigint
            )
        else periods_kept * 365
    end as least_days
from kept_periods
where periods_kept > 0
