-- One row per version of a policy of the service that may back up: which points it keeps.
-- kind: view
select
    scope,
    id as policy_id, -- VARCHAR: ID of the policy.
    enabled,
    -- BIGINT: Number of newest points of a resource that it keeps. -1 or null: no limit.
    operation_definition_max_backups as points_kept,
    -- BIGINT: Number of days whose newest point it keeps.
    coalesce(operation_definition_day_backups, 0) as day_backups,
    -- BIGINT: Number of weeks whose newest point it keeps.
    coalesce(operation_definition_week_backups, 0) as week_backups,
    -- BIGINT: Number of months whose newest point it keeps.
    coalesce(operation_definition_month_backups, 0) as month_backups,
    -- BIGINT: Number of years whose newest point it keeps.
    coalesce(operation_definition_year_backups, 0) as year_backups,
    -- VARCHAR: Time zone of these periods, as received.
    operation_definition_timezone as timezone,
    -- A retention in days gives each point an expiry. What is in extra is not in the contract, or
    -- not of its type.
    coalesce(operation_definition_max_backups, -1) >= 1
    and coalesce(operation_definition_retention_duration_days, -1) = -1
    and coalesce(operation_definition_advanced_retention_rules, '{}') in ('{}', '[]', 'null')
    and json_extract_string(extra, '$.operation_definition') is null
        as is_readable, -- BOOLEAN: Whether the number and these periods are all that decides.
    valid_from,
    valid_to,
    first_seen,
    last_seen
from history.policies
where coalesce(operation_type, 'backup') <> 'replication'
