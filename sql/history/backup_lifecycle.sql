-- One row a recovery point that was ever in a complete snapshot: since when, until when, and what became of it.
with present as (
    select * from intermediate.int_recovery_points
),

since as (
    select * from history.backups_open
),

disappearances as (
    select * from history.disappearances
),

absences as (
    select
        scope,
        id,
        count(*) as absences,
        min(first_seen) as first_seen,
        max(gone_at) as gone_at
    from disappearances
    group by scope, id
),

lasting as (
    select
        p.scope,
        p.backup_id,
        p.resource_id,
        p.resource_name,
        p.resource_type,
        p.enterprise_project_id,
        p.vault_id,
        p.status,
        p.is_replica,
        p.is_auto,
        p.created_at,
        p.protected_at,
        p.updated_at,
        p.expired_at,
        s.was_usable,
        s.was_failed,
        s.dependable_until,
        least(s.first_seen, coalesce(a.first_seen, s.first_seen)) as first_seen,
        p.as_of as last_seen,
        coalesce(a.absences, 0) as absences
    from present as p
    inner join since as s on p.scope = s.scope and p.backup_id = s.id
    left join absences as a on p.scope = a.scope and p.backup_id = a.id
),

gone as (
    select
        d.*,
        a.absences,
        a.first_seen as first_seen_ever
    from disappearances as d
    inner join absences as a on d.scope = a.scope and d.id = a.id and d.gone_at = a.gone_at
    left join lasting as l on d.scope = l.scope and d.id = l.backup_id
    where l.backup_id is null
),

lives as (
    select
        scope,
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
        protected_at,
        updated_at,
        expired_at,
        was_usable,
        was_failed,
        dependable_until,
        first_seen,
        last_seen,
        cast(null as timestamp) as gone_at,
        cast(null as varchar) as disappearance,
        cast(null as varchar) as verdict,
        cast(null as double) as days_early,
        cast(null as bigint) as vault_points_before,
        cast(null as bigint) as vault_points_after,
        cast(null as bigint) as vault_failed_with_it,
        absences
    from lasting
    union all
    select
        scope,
        id as backup_id,
        coalesce(nullif(resource_id, ''), 'resource of backup ' || id) as resource_id,
        resource_name,
        resource_type,
        enterprise_project_id,
        vault_id,
        status,
        coalesce(image_type, '') <> 'backup' as is_replica,
        is_auto,
        created_at,
        protected_at,
        updated_at,
        expired_at,
        was_usable,
        was_failed,
        dependable_until,
        first_seen_ever as first_seen,
        last_seen,
        gone_at,
        disappearance,
        verdict,
        days_early,
        vault_points_before,
        vault_points_after,
        vault_failed_with_it,
        absences
    from gone
)

select
    scope,
    backup_id, -- VARCHAR: Id of the backup.
    resource_id, -- VARCHAR: Id of the resource.
    resource_name, -- VARCHAR: Name of the resource, as it was last seen.
    resource_type, -- VARCHAR: Type of the resource.
    enterprise_project_id, -- VARCHAR: Enterprise project of the backup.
    vault_id, -- VARCHAR: Vault that holds the backup, or held it.
    status, -- VARCHAR: State of the backup, as it was last seen.
    is_replica, -- BOOLEAN: A copy, or at least not said to be made here.
    is_auto, -- BOOLEAN: Made by a policy; by its flag, else by its name, else null.
    created_at, -- TIMESTAMP: When the backup was created.
    protected_at, -- TIMESTAMP: When the data was captured.
    updated_at, -- TIMESTAMP: When the record last changed.
    expired_at, -- TIMESTAMP: When its retention ends, as it was last seen.
    was_usable, -- BOOLEAN: A complete snapshot has it in a state to be restored from.
    was_failed, -- BOOLEAN: A complete snapshot has it as failed.
    dependable_until, -- TIMESTAMP: When it expired, or the first complete snapshot in which it can't be restored from; null while it can.
    first_seen, -- TIMESTAMP: The first complete snapshot that ever had it.
    last_seen, -- TIMESTAMP: The last complete snapshot that has it.
    gone_at, -- TIMESTAMP: The first complete snapshot that has it no more; null while it is there.
    disappearance, -- VARCHAR: What became of it, as in history.disappearances; null while it is there.
    verdict, -- VARCHAR: ok, fail or unknown; null while it is there.
    days_early, -- DOUBLE: From its absence to its expiry, where it went before.
    vault_points_before, -- BIGINT: Points of its vault in the last snapshot that has it.
    vault_points_after, -- BIGINT: Points of its vault in the first that has it no more.
    vault_failed_with_it, -- BIGINT: Points of its vault that went in the same interval with verdict fail.
    absences -- BIGINT: How often it was away; more than once where it came back.
from lives
