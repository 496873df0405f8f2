-- One row per recovery point that was ever in a complete snapshot: its lifecycle, and the number of
-- times its expiry was shortened.
-- kind: view
with changes as (
    select
        scope,
        id as backup_id,
        count(*) as expiry_changes,
        min(changed_at) as first_expiry_change_at
    from history.expiry_changes
    group by scope, id
)

select
    scope,
    backup_id,
    lives.resource_id, -- VARCHAR: ID of the resource.
    lives.resource_name,
    lives.resource_type,
    lives.vault_id,
    lives.status,
    lives.is_replica,
    lives.is_auto,
    lives.created_at,
    lives.expired_at,
    lives.first_seen,
    lives.last_seen,
    lives.gone_at,
    lives.disappearance,
    lives.verdict,
    lives.days_early,
    lives.absences,
    -- BIGINT: Number of times its expiry was brought forward.
    coalesce(changes.expiry_changes, 0) as expiry_changes,
    -- TIMESTAMP: First complete snapshot with a shortened expiry.
    changes.first_expiry_change_at
from history.backup_lifecycle as lives
left join changes using (scope, backup_id)
