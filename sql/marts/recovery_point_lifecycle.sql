-- One row a recovery point that was ever in a complete snapshot: its life, and how often its expiry was changed.
-- kind: view
with lives as (
    select * from history.backup_lifecycle
),

changes as (
    select scope, id as backup_id, changed_at from history.expiry_changes
),

moved as (
    select
        scope,
        backup_id,
        count(*) as expiry_changes,
        min(changed_at) as first_expiry_change_at
    from changes
    group by scope, backup_id
)

select
    l.scope,
    l.backup_id,
    l.resource_id, -- VARCHAR: Id of the resource.
    l.resource_name,
    l.resource_type,
    l.vault_id,
    l.status,
    l.is_replica,
    l.is_auto,
    l.created_at,
    l.expired_at,
    l.first_seen,
    l.last_seen,
    l.gone_at,
    l.disappearance,
    l.verdict,
    l.days_early,
    l.absences,
    coalesce(m.expiry_changes, 0) as expiry_changes, -- BIGINT: How often its expiry came nearer.
    m.first_expiry_change_at -- TIMESTAMP: The first complete snapshot that has the first of these changes.
from lives as l
left join moved as m on l.scope = m.scope and l.backup_id = m.backup_id
