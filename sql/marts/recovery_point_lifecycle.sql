-- One row per recovery point that was ever in a complete snapshot: its life, and how often its expiry
-- was changed.
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
    -- BIGINT: How often its expiry came nearer.
    coalesce(changes.expiry_changes, 0) as expiry_changes,
    -- TIMESTAMP: The first complete snapshot that has the first of these changes.
    changes.first_expiry_change_at
from history.backup_lifecycle as lives
left join changes using (scope, backup_id)
