-- One row per scope and time zone in which a backup policy keeps, or kept, the backups of days,
-- weeks, months or years.
with versions as (
    select
        scope,
        operation_type,
        operation_definition_timezone,
        operation_definition_day_backups,
        operation_definition_week_backups,
        operation_definition_month_backups,
        operation_definition_year_backups
    from cbr.policies
    union all
    select
        scope,
        operation_type,
        operation_definition_timezone,
        operation_definition_day_backups,
        operation_definition_week_backups,
        operation_definition_month_backups,
        operation_definition_year_backups
    from history.policies_closed
)

select distinct scope, operation_definition_timezone as timezone
from versions
where operation_type = 'backup'
    and operation_definition_timezone is not null
    and greatest(
        operation_definition_day_backups,
        operation_definition_week_backups,
        operation_definition_month_backups,
        operation_definition_year_backups
    ) > 0
order by scope, timezone
