-- One row a doubt about a record of the newest snapshot: the rule that it breaks, and what follows from that.
with points as (
    select * from intermediate.int_recovery_points
),

backups as (
    select * from staging.stg_backups
),

children as (
    select * from staging.stg_children
),

records as (
    select * from cbr.replication_records
),

drift as (
    select * from meta.drift where kind = 'refused'
),

rejects as (
    select * from meta.rejects
),

settings as (
    select * from policy.settings
),

dated as (
    select
        b.*,
        s.clock_skew_seconds
    from points as b
    inner join settings as s on b.scope = s.scope and b.snapshot_id = s.snapshot_id
),

copies as (
    select p.*
    from points as p
    left join staging.stg_replications as r
        on p.scope = r.scope and p.snapshot_id = r.snapshot_id and p.backup_id = r.destination_backup_id
    where p.is_replica and r.destination_backup_id is null
),

doubts as (
    select
        scope,
        snapshot_id,
        'created_after_updated' as rule,
        'cbr.backups' as relation,
        backup_id,
        cast(created_at as varchar) || ' > ' || cast(updated_at as varchar) as value,
        'The time of capture is believed only as far as it fits.' as effect
    from dated
    where created_at > updated_at + clock_skew_seconds * interval '1' second
    union all
    select
        scope,
        snapshot_id,
        'from_the_future' as rule,
        'cbr.backups' as relation,
        backup_id,
        cast(created_at as varchar) as value,
        'It counts as no recovery point.' as effect
    from dated
    where created_at > as_of + clock_skew_seconds * interval '1' second
    union all
    select
        scope,
        snapshot_id,
        'captured_in_the_future' as rule,
        'cbr.backups' as relation,
        backup_id,
        cast(protected_at as varchar) as value,
        'The time of capture is not believed, or it counts as no recovery point.' as effect
    from dated
    where protected_at > as_of + clock_skew_seconds * interval '1' second
    union all
    select
        scope,
        snapshot_id,
        'parent_not_present' as rule,
        'cbr.backups' as relation,
        backup_id,
        parent_id as value,
        'It counts as a backup of its own.' as effect
    from backups
    where parent_id <> '' and not is_part
    union all
    select
        scope,
        snapshot_id,
        'unknown_status' as rule,
        'cbr.replication_records' as relation,
        top_backup_id as backup_id,
        status as value,
        'Whether it was replicated is unknown.' as effect
    from records
    where status is null or status not in ('replicating', 'success', 'fail', 'skip', 'waiting_replicate')
    union all
    select
        scope,
        snapshot_id,
        'expires_before_creation' as rule,
        'cbr.backups' as relation,
        backup_id,
        cast(expired_at as varchar) || ' <= ' || cast(created_at as varchar) as value,
        'It can not be relied on.' as effect
    from dated
    where expired_at <= created_at
    union all
    select
        scope,
        snapshot_id,
        'no_creation' as rule,
        'cbr.backups' as relation,
        backup_id,
        cast(null as varchar) as value,
        'Nobody knows what moment it brings back.' as effect
    from dated
    where created_at is null
    union all
    select
        scope,
        snapshot_id,
        'unknown_status' as rule,
        'cbr.backups' as relation,
        backup_id,
        status as value,
        'It counts as no recovery point; what depends on its status is unknown.' as effect
    from points
    where state = 'unknown'
    union all
    select
        scope,
        snapshot_id,
        'unknown_resource_type' as rule,
        'cbr.backups' as relation,
        backup_id,
        resource_type as value,
        'What depends on its type is unknown.' as effect
    from points
    where level = 'unknown'
    union all
    select
        scope,
        snapshot_id,
        'no_resource' as rule,
        'cbr.backups' as relation,
        backup_id,
        resource_id as value,
        'It stands for a resource of its own.' as effect
    from points
    where resource_id = 'resource of backup ' || backup_id
    union all
    select
        scope,
        snapshot_id,
        'replica_without_source' as rule,
        'cbr.backups' as relation,
        backup_id,
        cast(null as varchar) as value,
        'Nobody knows where it comes from, nor what moment it brings back.' as effect
    from copies
    union all
    select
        scope,
        snapshot_id,
        'unknown_status' as rule,
        'cbr.children' as relation,
        backup_id,
        status as value,
        'Whether the whole can be restored is unknown.' as effect
    from children
    where status is null
        or status not in (
            'available', 'protecting', 'deleting', 'restoring', 'error', 'waiting_protect', 'waiting_delete',
            'waiting_restore'
        )
    union all
    select
        scope,
        snapshot_id,
        'value_refused' as rule,
        'cbr.' || table_name as relation,
        example_id as backup_id,
        path || ' sent as ' || found as value,
        'It is kept in extra, and counts as not said.' as effect
    from drift
    union all
    select
        scope,
        snapshot_id,
        'record_rejected' as rule,
        'cbr.' || table_name as relation,
        cast(null as varchar) as backup_id,
        reason as value,
        'It is in meta.rejects; the scope does not pass, but for what is sent twice.' as effect
    from rejects
)

select
    scope,
    snapshot_id,
    rule, -- VARCHAR: The rule that is broken.
    relation, -- VARCHAR: The table that has the record.
    backup_id, -- VARCHAR: The backup concerned, or an example of it.
    value, -- VARCHAR: What was found.
    effect -- VARCHAR: What follows from it.
from doubts
