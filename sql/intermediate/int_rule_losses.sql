-- One row per recovery point whose disappearance a changed policy explains: between its making and
-- its disappearance, the policy of its vault was changed from days to a number of backups, or to a
-- lower number, and there were so many newer points. A point that somebody deleted by name has no
-- row.
with candidates as (
    select lives.*
    from history.backup_lifecycle as lives
    left join intermediate.int_calls_on_points as calls
        on lives.scope = calls.scope
        and lives.backup_id = calls.backup_id
        and lives.gone_at = calls.gone_at
        and calls.is_own
    where lives.is_auto
        and lives.was_usable
        and not lives.is_replica
        and lives.disappearance in (
            'deleted_early',
            'deleted_unexplained',
            'possible_gfs_thinning',
            'rotation_may_have_begun'
        )
        and calls.trace_id is null
),

governed_points as (
    -- What long-term retention keeps besides is not known here, so that it explains nothing.
    select
        candidates.scope,
        candidates.backup_id,
        candidates.resource_id,
        candidates.vault_id,
        candidates.created_at,
        candidates.gone_at,
        max(changes.points_kept) as points_kept
    from candidates
    inner join intermediate.int_rule_changes as changes
        on candidates.scope = changes.scope
        and candidates.vault_id = changes.vault_id
        and changes.changed_at > candidates.created_at
        and changes.changed_at <= candidates.gone_at
        and coalesce(changes.changed_until > candidates.last_seen, true)
    where changes.is_enabled
        and not changes.is_long_term
        and (
            changes.is_days_to_count
            or (changes.is_count_lowered and candidates.expired_at is null)
        )
    group by
        candidates.scope,
        candidates.backup_id,
        candidates.resource_id,
        candidates.vault_id,
        candidates.created_at,
        candidates.gone_at
),

newer_points as (
    -- Those that went together with it were there before.
    select points.scope, points.backup_id, count(*) as newer
    from governed_points as points
    inner join intermediate.int_attempts as others
        on points.scope = others.scope
        and points.resource_id = others.resource_id
        and points.vault_id = others.vault_id
        and others.is_auto
        and others.was_usable
        and others.created_at > points.created_at
        and others.first_seen <= points.gone_at
        and coalesce(others.gone_at >= points.gone_at, true)
    group by points.scope, points.backup_id
)

select
    scope,
    backup_id -- VARCHAR: ID of the backup.
from governed_points
inner join newer_points using (scope, backup_id)
where newer_points.newer >= governed_points.points_kept
