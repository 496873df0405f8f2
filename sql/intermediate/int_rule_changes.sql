-- One row per change of what a backup policy of the service keeps, and vault that the policy was
-- applied to before and after it: whether less is kept.
with rules as (
    -- -1 and null are no limit, and no long-term retention.
    select
        scope,
        id as policy_id,
        coalesce(name, id) as policy_name,
        coalesce(enabled, false) as is_enabled,
        valid_from,
        valid_to,
        last_seen,
        case
            when operation_definition_retention_duration_days >= 0
                then operation_definition_retention_duration_days
        end as days_kept,
        case
            when operation_definition_max_backups >= 0 then operation_definition_max_backups
        end as points_kept,
        greatest(coalesce(operation_definition_day_backups, 0), 0) as day_backups,
        greatest(coalesce(operation_definition_week_backups, 0), 0) as week_backups,
        greatest(coalesce(operation_definition_month_backups, 0), 0) as month_backups,
        greatest(coalesce(operation_definition_year_backups, 0), 0) as year_backups
    from history.policies
    where operation_type = 'backup'
),

spans as (
    -- N months in a row have at least so many days, February among them.
    select
        *,
        days_kept is null and points_kept is null as is_permanent,
        greatest(
            coalesce(days_kept, 0),
            day_backups,
            week_backups * 7,
            cast(
                floor(
                    cast(month_backups * 365 as double) / 12
                    - case
                        when month_backups = 12 * floor(cast(month_backups as double) / 12) then 0
                        else 2
                    end
                ) as bigint
            ),
            year_backups * 365
        ) as days_of_periods,
        case
            when days_kept is null and points_kept is null then 'no limit'
            when points_kept is null then cast(days_kept as varchar) || ' days'
            when days_kept is null then cast(points_kept as varchar) || ' backups'
            else cast(days_kept as varchar)
                || ' days and '
                || cast(points_kept as varchar)
                || ' backups'
        end
        || case
            when day_backups + week_backups + month_backups + year_backups > 0
                then ' and the newest of '
                    || cast(day_backups as varchar)
                    || ' days, '
                    || cast(week_backups as varchar)
                    || ' weeks, '
                    || cast(month_backups as varchar)
                    || ' months, '
                    || cast(year_backups as varchar)
                    || ' years'
            else ''
        end as rule
    from rules
),

ordered_versions as (
    select
        *,
        row_number() over (partition by scope, policy_id order by valid_from) as place,
        bool_or(is_enabled) over (partition by scope, policy_id) as was_ever_enabled
    from spans
),

changes as (
    -- What is lowered while nothing is raised is less, whenever the policy runs.
    select
        later.scope,
        later.policy_id,
        later.policy_name,
        earlier.last_seen as seen_before,
        later.valid_from as changed_at,
        later.valid_to as changed_until,
        earlier.rule as old_rule,
        later.rule as new_rule,
        earlier.days_kept as old_days_kept,
        earlier.points_kept as old_points_kept,
        later.points_kept,
        later.days_kept,
        later.is_enabled,
        later.day_backups
        + later.week_backups
        + later.month_backups
        + later.year_backups > 0 as is_long_term,
        earlier.is_permanent as was_permanent,
        later.is_permanent,
        earlier.days_of_periods as old_days_of_periods,
        later.days_of_periods,
        coalesce(later.days_kept, 0) < coalesce(earlier.days_kept, 0)
        or coalesce(later.points_kept, 0) < coalesce(earlier.points_kept, 0)
        or later.day_backups < earlier.day_backups
        or later.week_backups < earlier.week_backups
        or later.month_backups < earlier.month_backups
        or later.year_backups < earlier.year_backups as is_lowered,
        coalesce(later.days_kept, 0) > coalesce(earlier.days_kept, 0)
        or coalesce(later.points_kept, 0) > coalesce(earlier.points_kept, 0)
        or later.day_backups > earlier.day_backups
        or later.week_backups > earlier.week_backups
        or later.month_backups > earlier.month_backups
        or later.year_backups > earlier.year_backups as is_raised
    from ordered_versions as later
    inner join ordered_versions as earlier
        on later.scope = earlier.scope
        and later.policy_id = earlier.policy_id
        and later.place = earlier.place + 1
    -- A policy that never ran keeps nothing.
    where later.was_ever_enabled and later.rule <> earlier.rule
),

vault_changes as (
    select
        changes.*,
        links.vault_id,
        case when schedules.pattern_problem is null then schedules.longest_interval_hours end
            as longest_interval_hours
    from changes
    inner join history.policy_vaults as links
        on changes.scope = links.scope
        and changes.policy_id = links.policy_id
        and links.first_seen < changes.changed_at
        and coalesce(links.valid_to > changes.changed_at, true)
    left join intermediate.int_vault_schedules as schedules
        on links.scope = schedules.scope and links.vault_id = schedules.vault_id
),

reaches as (
    -- Null where points are counted, and the time between them is not known.
    select
        *,
        greatest(
            cast(old_days_of_periods as double),
            case
                when old_points_kept is null then 0.0
                else cast(old_points_kept * longest_interval_hours as double) / 24
            end
        ) as old_reach_days,
        greatest(
            cast(days_of_periods as double),
            case
                when points_kept is null then 0.0
                else cast(points_kept * longest_interval_hours as double) / 24
            end
        ) as reach_days,
        (old_points_kept is null and points_kept is null)
        or longest_interval_hours is not null as is_reach_known
    from vault_changes
)

select
    scope,
    vault_id, -- VARCHAR: ID of the vault.
    policy_id, -- VARCHAR: ID of the policy.
    policy_name, -- VARCHAR: Name of the policy, or its ID if it has none.
    seen_before, -- TIMESTAMP: Last snapshot with the rule before the change.
    changed_at, -- TIMESTAMP: First snapshot with the rule after the change.
    changed_until, -- TIMESTAMP: First snapshot with a later version. Null for the newest.
    old_rule, -- VARCHAR: What was kept.
    new_rule, -- VARCHAR: What is kept since.
    -- BIGINT: Number of automatic backups of a resource that are kept since. Null if not counted.
    points_kept,
    is_enabled, -- BOOLEAN: Whether the policy is enabled since.
    is_long_term, -- BOOLEAN: Whether the newest backup of some periods is kept besides.
    -- BOOLEAN: Whether days were replaced by a number of backups, which removes dated ones too.
    old_days_kept is not null
    and old_points_kept is null
    and days_kept is null
    and points_kept is not null as is_days_to_count,
    -- BOOLEAN: Whether the number of backups was lowered.
    coalesce(points_kept < old_points_kept, false) as is_count_lowered,
    -- BOOLEAN: Whether less is kept. Null if that depends on runs whose times are not known.
    case
        when is_permanent then false
        when was_permanent then true
        when not is_lowered then false
        when not is_raised then true
        when is_reach_known then reach_days < old_reach_days
    end as is_shortened
from reaches
