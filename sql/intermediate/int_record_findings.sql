-- One row per doubt about a record of the newest snapshot: the rule that it breaks, and what follows
-- from that.
with points as (
    select
        points.*,
        points.as_of + settings.clock_skew_seconds * interval '1' second as latest_time,
        points.updated_at + settings.clock_skew_seconds * interval '1' second as latest_creation
    from intermediate.int_recovery_points as points
    inner join policy.settings using (scope)
),

doubts as (
    select
        scope,
        'created_after_updated' as rule,
        'backups' as table_name,
        backup_id,
        cast(created_at as varchar) || ' > ' || cast(updated_at as varchar) as value
    from points
    where created_at > latest_creation
    union all
    select
        scope,
        'from_the_future' as rule,
        'backups' as table_name,
        backup_id,
        cast(created_at as varchar) as value
    from points
    where created_at > latest_time
    union all
    select
        scope,
        'captured_in_the_future' as rule,
        'backups' as table_name,
        backup_id,
        cast(protected_at as varchar) as value
    from points
    where protected_at > latest_time
    union all
    select
        scope,
        'expires_before_creation' as rule,
        'backups' as table_name,
        backup_id,
        cast(expired_at as varchar) || ' <= ' || cast(created_at as varchar) as value
    from points
    where expired_at <= created_at
    union all
    select
        scope,
        'no_creation' as rule,
        'backups' as table_name,
        backup_id,
        cast(null as varchar) as value
    from points
    where created_at is null
    union all
    select
        scope,
        'unknown_status' as rule,
        'backups' as table_name,
        backup_id,
        status as value
    from points
    where state = 'unknown'
    union all
    select
        scope,
        'unknown_resource_type' as rule,
        'backups' as table_name,
        backup_id,
        resource_type as value
    from points
    where level = 'unknown'
    union all
    select
        scope,
        'no_resource' as rule,
        'backups' as table_name,
        backup_id,
        resource_id as value
    from points
    where resource_id = 'resource of backup ' || backup_id
    union all
    select
        scope,
        'parent_not_present' as rule,
        'backups' as table_name,
        backup_id,
        parent_id as value
    from staging.stg_backups
    where parent_id <> '' and not is_part
    union all
    select
        points.scope,
        'replica_without_source' as rule,
        'backups' as table_name,
        points.backup_id,
        cast(null as varchar) as value
    from points
    left join staging.stg_replications as replications
        on points.scope = replications.scope
        and points.backup_id = replications.destination_backup_id
    where points.is_replica and replications.destination_backup_id is null
    union all
    select
        scope,
        'unknown_status' as rule,
        'children' as table_name,
        backup_id,
        children.status as value
    from staging.stg_children as children
    left join staging.stg_statuses as statuses on children.status = statuses.status
    where statuses.status is null
    union all
    select
        scope,
        'unknown_status' as rule,
        'replication_records' as table_name,
        top_backup_id as backup_id,
        status as value
    from cbr.replication_records
    where status is null
        or status not in ('replicating', 'success', 'fail', 'skip', 'waiting_replicate')
    union all
    select
        scope,
        'value_refused' as rule,
        table_name,
        example_id as backup_id,
        path || ' sent as ' || found as value
    from meta.drift
    where kind = 'refused'
    union all
    select
        scope,
        'record_rejected' as rule,
        table_name,
        cast(null as varchar) as backup_id,
        reason as value
    from meta.rejects
)

select
    scope,
    snapshots.snapshot_id,
    rule, -- VARCHAR: The rule that is broken.
    'cbr.' || doubts.table_name as relation, -- VARCHAR: The table that has the record.
    doubts.backup_id, -- VARCHAR: The backup concerned, or an example of it.
    doubts.value, -- VARCHAR: What was found.
    rules.effect -- VARCHAR: What follows from it.
from doubts
inner join staging.stg_snapshots as snapshots using (scope)
inner join (
    values
        (
            'created_after_updated',
            'backups',
            'The time of capture is believed only as far as it fits.'
        ),
        ('from_the_future', 'backups', 'It counts as no recovery point.'),
        (
            'captured_in_the_future',
            'backups',
            'The time of capture is not believed, or it counts as no recovery point.'
        ),
        ('expires_before_creation', 'backups', 'It can not be relied on.'),
        ('no_creation', 'backups', 'Nobody knows what moment it brings back.'),
        (
            'unknown_status',
            'backups',
            'It counts as no recovery point; what depends on its status is unknown.'
        ),
        ('unknown_resource_type', 'backups', 'What depends on its type is unknown.'),
        ('no_resource', 'backups', 'It stands for a resource of its own.'),
        ('parent_not_present', 'backups', 'It counts as a backup of its own.'),
        (
            'replica_without_source',
            'backups',
            'Nobody knows where it comes from, nor what moment it brings back.'
        ),
        ('unknown_status', 'children', 'Whether the whole can be restored is unknown.'),
        ('unknown_status', 'replication_records', 'Whether it was replicated is unknown.'),
        ('value_refused', 'any', 'It is kept in extra, and counts as not said.'),
        (
            'record_rejected',
            'any',
            'It is in meta.rejects; the scope does not pass, but for what is sent twice.'
        )
) as rules (rule, table_name, effect) using (rule)
where rules.table_name in (doubts.table_name, 'any')
