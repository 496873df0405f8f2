-- One row per recovery point that was lost within the deletion window.
with lost_points as (
    select
        lives.*,
        snapshots.snapshot_id,
        snapshots.as_of,
        snapshots.project_id,
        snapshots.region,
        settings.mass_points,
        settings.mass_percent,
        case
            when explained.backup_id is not null then 'retention_rule_changed'
            when refuted.backup_id is not null then 'deleted_unexplained'
            else lives.disappearance
        end as explanation,
        case
            when explained.backup_id is not null then 'ok'
            when refuted.backup_id is not null then 'fail'
            else lives.verdict
        end as last_verdict,
        -- What a changed policy explains is no part of a mass deletion.
        lives.vault_failed_with_it
        - count(case when lives.verdict = 'fail' then explained.backup_id end) over (
            partition by scope, lives.vault_id, lives.gone_at
        ) as failed_with_it
    from history.backup_lifecycle as lives
    inner join staging.stg_snapshots as snapshots using (scope)
    inner join policy.settings using (scope)
    left join intermediate.int_refuted_thinnings as refuted using (scope, backup_id)
    left join intermediate.int_rule_losses as explained using (scope, backup_id)
    where lives.gone_at >= snapshots.as_of - settings.deletion_window_days * interval '1' day
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
    explanation as disappearance,
    last_verdict as verdict, -- VARCHAR: ok, fail or unknown.
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
from lost_points
