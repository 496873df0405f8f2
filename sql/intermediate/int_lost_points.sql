-- One row per recovery point that was lost within the deletion window.
with explained_lives as (
    -- The policies of the service, where they are known, explain more than the backups do, or
    -- refute it.
    select
        lives.*,
        snapshots.snapshot_id,
        snapshots.as_of,
        snapshots.project_id,
        snapshots.region,
        settings.mass_points,
        settings.mass_percent,
        case
            when rules.is_kept then 'deleted_unexplained'
            when explained.backup_id is not null then 'retention_rule_changed'
            when rules.is_kept is null and refuted.backup_id is not null then 'deleted_unexplained'
            when not rules.is_kept and lives.disappearance <> 'rotated_by_count'
                then 'removed_by_rule'
            else lives.disappearance
        end as class,
        case
            when rules.is_kept then 'fail'
            when explained.backup_id is not null or not rules.is_kept then 'ok'
            when refuted.backup_id is not null then 'fail'
            else lives.verdict
        end as class_verdict
    from history.backup_lifecycle as lives
    inner join staging.stg_snapshots as snapshots using (scope)
    inner join policy.settings using (scope)
    left join intermediate.int_rule_verdicts as rules using (scope, backup_id)
    left join intermediate.int_refuted_thinnings as refuted using (scope, backup_id)
    left join intermediate.int_rule_losses as explained using (scope, backup_id)
    where lives.gone_at >= snapshots.as_of - settings.deletion_window_days * interval '1' day
),

failed_lives as (
    select
        *,
        vault_failed_with_it
        + sum(
            case
                when class_verdict = 'fail' and verdict <> 'fail' then 1
                when class_verdict <> 'fail' and verdict = 'fail' then -1
                else 0
            end
        ) over (partition by scope, vault_id, gone_at) as failed_with_it
    from explained_lives
)

select
    scope,
    snapshot_id,
    as_of,
    project_id,
    region,
    backup_id,
    resource_id,
    resource_name,
    resource_type,
    enterprise_project_id,
    vault_id,
    status,
    is_replica,
    is_auto,
    created_at,
    expired_at,
    was_usable,
    first_seen,
    last_seen,
    gone_at, -- TIMESTAMP: First complete snapshot without the backup.
    -- VARCHAR: Classification, as in history.disappearances, or what the policies make of it.
    class as disappearance,
    class_verdict as verdict, -- VARCHAR: ok, fail or unknown.
    days_early,
    vault_points_before,
    vault_points_after,
    -- BIGINT: Number of points of its vault that disappeared in the same interval with verdict
    -- fail.
    failed_with_it as vault_failed_with_it,
    -- Number and share of points of its vault that were lost without explanation in the same
    -- interval.
    coalesce(
        failed_with_it >= mass_points
        and failed_with_it * 100 >= mass_percent * vault_points_before,
        false
    ) as is_mass -- BOOLEAN: Whether it was lost in a mass deletion.
from failed_lives
