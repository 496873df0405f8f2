-- One row per recovery point that was ever in a complete snapshot: when it was seen, and how it
-- disappeared.
with absences as (
    select
        scope,
        id,
        count(*) as absences,
        min(first_seen) as first_seen,
        max(gone_at) as gone_at
    from history.disappearances
    group by scope, id
),

lives as (
    select
        points.scope,
        points.backup_id,
        points.resource_id,
        points.resource_name,
        points.resource_type,
        points.enterprise_project_id,
        points.vault_id,
        points.status,
        points.is_replica,
        points.is_auto,
        points.created_at,
        points.protected_at,
        points.updated_at,
        points.expired_at,
        known.was_usable,
        known.was_failed,
        known.dependable_until,
        least(known.first_seen, coalesce(absences.first_seen, known.first_seen)) as first_seen,
        points.as_of as last_seen,
        cast(null as timestamp) as gone_at,
        cast(null as varchar) as disappearance,
        cast(null as varchar) as verdict,
        cast(null as double) as days_early,
        cast(null as bigint) as vault_points_before,
        cast(null as bigint) as vault_points_after,
        cast(null as bigint) as vault_failed_with_it,
        coalesce(absences.absences, 0) as absences
    from intermediate.int_recovery_points as points
    inner join history.backups_open as known
        on points.scope = known.scope and points.backup_id = known.id
    left join absences
        on points.scope = absences.scope and points.backup_id = absences.id
    union all
    select
        gone.scope,
        gone.id as backup_id,
        coalesce(
            nullif(gone.resource_id, ''), 'resource of backup ' || gone.id
        ) as resource_id,
        gone.resource_name,
        gone.resource_type,
        gone.enterprise_project_id,
        gone.vault_id,
        gone.status,
        coalesce(gone.image_type, '') <> 'backup' as is_replica,
        gone.is_auto,
        gone.created_at,
        gone.protected_at,
        gone.updated_at,
        gone.expired_at,
        gone.was_usable,
        gone.was_failed,
        gone.dependable_until,
        absences.first_seen,
        gone.last_seen,
        gone.gone_at,
        gone.disappearance,
        gone.verdict,
        gone.days_early,
        gone.vault_points_before,
        gone.vault_points_after,
        gone.vault_failed_with_it,
        absences.absences
    from history.disappearances as gone
    inner join absences using (scope, id, gone_at)
    left join intermediate.int_recovery_points as points
        on gone.scope = points.scope and gone.id = points.backup_id
    where points.backup_id is null
)

select
    scope,
    backup_id, -- VARCHAR: ID of the backup.
    resource_id, -- VARCHAR: ID of the resource.
    resource_name, -- VARCHAR: Latest known name of the resource.
    resource_type, -- VARCHAR: Type of the resource.
    enterprise_project_id, -- VARCHAR: ID of the enterprise project of the backup.
    vault_id, -- VARCHAR: ID of the vault of the backup.
    status, -- VARCHAR: Last known status of the backup.
    is_replica, -- BOOLEAN: Whether the backup is a copy, or not marked as an original.
    is_auto, -- BOOLEAN: Whether a policy made the backup, by flag or name. Null if unknown.
    created_at, -- TIMESTAMP: When the backup was created.
    protected_at, -- TIMESTAMP: When the data was captured.
    updated_at, -- TIMESTAMP: When the record last changed.
    expired_at, -- TIMESTAMP: Last known end of its retention.
    was_usable, -- BOOLEAN: Whether it was usable in any complete snapshot.
    was_failed, -- BOOLEAN: Whether it was failed in any complete snapshot.
    -- TIMESTAMP: When it expired, or the first complete snapshot in which it is not restorable.
    -- Null while restorable.
    dependable_until,
    first_seen, -- TIMESTAMP: First complete snapshot with the backup.
    last_seen, -- TIMESTAMP: Last complete snapshot with the backup.
    gone_at, -- TIMESTAMP: First complete snapshot without the backup. Null while it exists.
    -- VARCHAR: Classification, as in history.disappearances. Null while it exists.
    disappearance,
    verdict, -- VARCHAR: Verdict: ok, fail or unknown. Null while it exists.
    days_early, -- DOUBLE: Time from gone_at to the expiry, if it disappeared before its expiry.
    -- BIGINT: Number of points in its vault in the last snapshot with the backup.
    vault_points_before,
    -- BIGINT: Number of points in its vault in the first snapshot without the backup.
    vault_points_after,
    -- BIGINT: Number of points of its vault that disappeared in the same interval with verdict
    -- fail.
    vault_failed_with_it,
    absences -- BIGINT: Number of disappearances. More than one if it came back.
from lives
