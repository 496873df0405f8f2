-- One row per vault of the service and enabled backup policy that is applied to it: how long the
-- policy keeps backups.
with longest_periods as (
    select scope, policy_id, max(least_days) as days
    from intermediate.int_policy_periods
    group by scope, policy_id
),

kept as (
    -- -1 and null are no limit, and no long-term retention.
    select
        links.scope,
        settings.snapshot_id,
        links.vault_id,
        policies.id as policy_id,
        coalesce(policies.name, policies.id) as policy_name,
        case
            when schedules.pattern_problem is null then schedules.longest_interval_hours
        end as longest_interval_hours,
        case
            when policies.operation_definition_retention_duration_days >= 0
                then policies.operation_definition_retention_duration_days
        end as days_kept,
        case
            when policies.operation_definition_max_backups >= 0
                then policies.operation_definition_max_backups
        end as points_kept,
        coalesce(periods.days, 0) as days_of_periods
    from cbr.policy_vaults as links
    inner join cbr.policies as policies
        on links.scope = policies.scope and links.policy_id = policies.id
    inner join policy.settings as settings on links.scope = settings.scope
    inner join intermediate.int_vault_schedules as schedules
        on links.scope = schedules.scope and links.vault_id = schedules.vault_id
    left join longest_periods as periods
        on links.scope = periods.scope and links.policy_id = periods.policy_id
    where policies.operation_type = 'backup' and policies.enabled
),

spans as (
    select
        *,
        days_kept is null and points_kept is null as is_permanent,
        points_kept is null or longest_interval_hours is not null as is_known,
        cast(points_kept * longest_interval_hours as double) / 24 as days_of_points
    from kept
)

select
    scope,
    -- VARCHAR: Snapshot of the scope: the UTC second at which reading began, for example
    -- 20261123T020000Z.
    snapshot_id,
    vault_id, -- VARCHAR: ID of the vault.
    policy_id, -- VARCHAR: ID of the policy.
    policy_name, -- VARCHAR: Name of the policy, or its ID if it has none.
    is_permanent, -- BOOLEAN: Whether it removes no backup.
    points_kept, -- BIGINT: Number of automatic backups that it keeps. Null if it does not count.
    -- DOUBLE: Days that this number takes at the longest interval. Null if not known. Unit: d.
    days_of_points as count_days,
    -- BOOLEAN: Whether kept_days is all that it keeps: for a number of backups, its runs have to be
    -- known.
    is_known,
    -- DOUBLE: Days that its backups reach back: the longest of its days, of the time that its
    -- number of backups takes at the longest interval, and of its long-term retention. Unit: d.
    greatest(coalesce(days_kept, 0), coalesce(days_of_points, 0), days_of_periods) as kept_days
from spans
