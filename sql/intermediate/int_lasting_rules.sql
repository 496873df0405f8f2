-- One row per automatic point without an expiry that was lost within the deletion window, if one
-- backup policy alone was applied to its vault from its making to its disappearance, did not change
-- and keeps a number of points: what that policy keeps.
with unread_scopes as (
    -- A policy that could not be loaded may be applied to any vault.
    select distinct scope from meta.rejects where table_name in ('policies', 'policy_vaults')
),

complete_readings as (
    select scope, readings.as_of
    from history.input_readings as readings
    left join unread_scopes using (scope)
    where readings.input = 'policies'
        and readings.status = 'granted'
        and readings.complete
        and unread_scopes.scope is null
),

counted_points as (
    -- The policies were read when it was last seen, and when it was missing.
    select
        lives.scope,
        lives.backup_id,
        lives.resource_id,
        lives.vault_id,
        lives.created_at,
        lives.gone_at
    from history.backup_lifecycle as lives
    inner join staging.stg_snapshots as snapshots using (scope)
    inner join policy.settings using (scope)
    inner join staging.stg_statuses as statuses using (status)
    inner join complete_readings as last_readings
        on lives.scope = last_readings.scope and lives.last_seen = last_readings.as_of
    inner join complete_readings as next_readings
        on lives.scope = next_readings.scope and lives.gone_at = next_readings.as_of
    where lives.gone_at >= snapshots.as_of - settings.deletion_window_days * interval '1' day
        and lives.disappearance in (
            'rotated_by_count',
            'rotation_may_have_begun',
            'possible_gfs_thinning',
            'deleted_unexplained'
        )
        and lives.is_auto
        and not lives.is_replica
        and lives.expired_at is null
        and statuses.state = 'usable'
        and not starts_with(lives.resource_id, 'resource of backup ')
),

applied_versions as (
    -- Every version of a policy and of its link to the vault that may have been in force.
    select
        scope,
        points.backup_id,
        points.resource_id,
        points.vault_id,
        points.created_at,
        points.gone_at,
        policy_id,
        policies.enabled,
        policies.points_kept,
        policies.day_backups,
        policies.week_backups,
        policies.month_backups,
        policies.year_backups,
        policies.timezone,
        policies.is_readable,
        policies.last_seen as policy_last_seen,
        greatest(links.first_seen, policies.first_seen) as applied_from,
        links.last_seen as link_last_seen
    from counted_points as points
    inner join history.policy_vaults as links using (scope, vault_id)
    inner join intermediate.int_policy_versions as policies using (scope, policy_id)
    where links.valid_from <= points.gone_at
        and (links.valid_to is null or links.valid_to >= points.created_at)
        and policies.valid_from <= points.gone_at
        and (policies.valid_to is null or policies.valid_to >= points.created_at)
),

applied_policies as (
    select
        scope,
        backup_id,
        resource_id,
        vault_id,
        created_at,
        gone_at,
        policy_id,
        bool_or(coalesce(enabled, true)) as may_run,
        bool_and(coalesce(enabled, false))
        and bool_and(is_readable)
        and max(applied_from) <= created_at
        and max(link_last_seen) >= gone_at
        and max(policy_last_seen) >= gone_at
        and min(points_kept) = max(points_kept)
        and min(day_backups) = max(day_backups)
        and min(week_backups) = max(week_backups)
        and min(month_backups) = max(month_backups)
        and min(year_backups) = max(year_backups)
        and min(coalesce(timezone, '')) = max(coalesce(timezone, '')) as is_constant,
        max(points_kept) as points_kept,
        max(day_backups) as day_backups,
        max(week_backups) as week_backups,
        max(month_backups) as month_backups,
        max(year_backups) as year_backups,
        max(timezone) as timezone
    from applied_versions
    group by scope, backup_id, resource_id, vault_id, created_at, gone_at, policy_id
)

select
    scope,
    backup_id, -- VARCHAR: ID of the backup.
    resource_id, -- VARCHAR: ID of the resource.
    vault_id, -- VARCHAR: ID of the vault of the backup.
    created_at, -- TIMESTAMP: When the backup was created.
    gone_at, -- TIMESTAMP: First complete snapshot without the backup.
    max(policy_id) as policy_id, -- VARCHAR: ID of the policy.
    -- BIGINT: Number of newest points of a resource that the policy keeps.
    max(points_kept) as points_kept,
    max(day_backups) as day_backups, -- BIGINT: Number of days whose newest point it keeps.
    max(week_backups) as week_backups, -- BIGINT: Number of weeks whose newest point it keeps.
    max(month_backups) as month_backups, -- BIGINT: Number of months whose newest point it keeps.
    max(year_backups) as year_backups, -- BIGINT: Number of years whose newest point it keeps.
    max(timezone) as timezone -- VARCHAR: Time zone of these periods, as received.
from applied_policies
where may_run
group by scope, backup_id, resource_id, vault_id, created_at, gone_at
having count(*) = 1 and bool_and(is_constant)
