-- One row per recovery point that was lost within the deletion window.
select
    scope,
    snapshots.snapshot_id,
    snapshots.as_of,
    snapshots.project_id,
    snapshots.region,
    backup_id,
    lives.resource_id,
    lives.resource_name,
    lives.resource_type,
    lives.enterprise_project_id,
    lives.vault_id,
    lives.status,
    lives.is_replica,
    lives.is_auto,
    lives.created_at,
    lives.expired_at,
    lives.was_usable,
    lives.first_seen,
    lives.last_seen,
    lives.gone_at, -- TIMESTAMP: First complete snapshot without the backup.
    -- VARCHAR: Classification, as in history.disappearances, or what the policies make of it.
    case
        when refuted.backup_id is not null then 'deleted_unexplained'
        else lives.disappearance
    end as disappearance,
    -- VARCHAR: ok, fail or unknown.
    case when refuted.backup_id is not null then 'fail' else lives.verdict end as verdict,
    lives.days_early,
    lives.vault_points_before,
    lives.vault_points_after,
    lives.vault_failed_with_it,
    -- Number and share of points of its vault that were lost without explanation in the same
    -- interval.
    coalesce(
        lives.vault_failed_with_it >= settings.mass_points
        and lives.vault_failed_with_it * 100 >= settings.mass_percent * lives.vault_points_before,
        false
    ) as is_mass -- BOOLEAN: Whether it was lost in a mass deletion.
from history.backup_lifecycle as lives
inner join staging.stg_snapshots as snapshots using (scope)
inner join policy.settings using (scope)
left join intermediate.int_refuted_thinnings as refuted using (scope, backup_id)
where lives.gone_at >= snapshots.as_of - settings.deletion_window_days * interval '1' day
