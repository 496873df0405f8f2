-- One row per point that was ever seen and time zone of a policy that keeps the newest points of
-- days, weeks, months or years: in which of them it was made. Only of resources with a point in a
-- vault that such a policy was ever applied to.
with zones as (
    select distinct
        links.scope,
        links.vault_id,
        policies.operation_definition_timezone as timezone
    from history.policy_vaults as links
    inner join history.policies as policies
        on links.scope = policies.scope and links.policy_id = policies.id
    inner join cbr.zone_offsets as offsets
        on policies.scope = offsets.scope
        and policies.operation_definition_timezone = offsets.timezone
),

zones_of_resources as (
    select distinct scope, lives.resource_id, zones.timezone
    from history.backup_lifecycle as lives
    inner join zones using (scope, vault_id)
),

local_times as (
    select
        lives.scope,
        lives.backup_id,
        zones.timezone,
        lives.created_at + offsets.offset_seconds * interval '1' second as made_at
    from history.backup_lifecycle as lives
    inner join zones_of_resources as zones using (scope, resource_id)
    inner join cbr.zone_offsets as offsets
        on lives.scope = offsets.scope
        and zones.timezone = offsets.timezone
        and lives.created_at >= offsets.starts_at
        and lives.created_at < offsets.ends_at
    where not lives.is_replica
)

select
    scope,
    backup_id, -- VARCHAR: ID of the backup.
    timezone,
    date_trunc('day', made_at) as day_starts_at, -- TIMESTAMP: Start of its day, in local time.
    date_trunc('week', made_at) as week_starts_at, -- TIMESTAMP: Monday of its week.
    date_trunc('month', made_at) as month_starts_at, -- TIMESTAMP: Start of its month.
    date_trunc('year', made_at) as year_starts_at -- TIMESTAMP: Start of its year.
from local_times
