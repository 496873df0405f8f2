-- One row per implausible value in a record of the newest snapshot: the rule, and the effect on
-- results.
with points as (
    select
        points.*,
        points.as_of + settings.clock_skew_seconds * interval '1' second as latest_time,
        points.updated_at + settings.clock_skew_seconds * interval '1' second as latest_creation
    from intermediate.int_recovery_points as points
    inner join policy.settings using (scope)
),

implausible_values as (
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
    rule, -- VARCHAR: Name of the rule that the value breaks.
    'cbr.' || implausible_values.table_name as relation, -- VARCHAR: Table of the record.
    implausible_values.backup_id, -- VARCHAR: ID of the backup, or of one example.
    implausible_values.value, -- VARCHAR: The value that was received.
    rules.effect -- VARCHAR: Effect on the results.
from implausible_values
inner join staging.stg_snapshots as snapshots using (scope)
inner join (
    values
        (
            'created_after_updated',
            'backups',
            'The capture time is used only if it is plausible.'
        ),
        ('from_the_future', 'backups', 'It does not count as a recovery point.'),
        (
            'captured_in_the_future',
            'backups',
            'The capture time is ignored, or it does not count as a recovery point.'
        ),
        ('expires_before_creation', 'backups', 'It is not dependable.'),
        ('no_creation', 'backups', 'Its capture time is unknown.'),
        (
            'unknown_status',
            'backups',
            'It does not count as a recovery point; results that need its status are unknown.'
        ),
        ('unknown_resource_type', 'backups', 'Results that need its resource type are unknown.'),
        ('no_resource', 'backups', 'It is listed as a separate resource.'),
        ('parent_not_present', 'backups', 'It counts as a separate backup.'),
        (
            'replica_without_source',
            'backups',
            'Its source and its capture time are unknown.'
        ),
        ('unknown_status', 'children', 'Whether the backup can be restored is unknown.'),
        ('unknown_status', 'replication_records', 'Whether it was replicated is unknown.'),
        ('value_refused', 'any', 'It is kept in extra, and counts as missing.'),
        (
            'record_rejected',
            'any',
            'It is in meta.rejects; the scope does not pass, unless the record was sent twice.'
        )
) as rules (rule, table_name, effect) using (rule)
where rules.table_name in (implausible_values.table_name, 'any')
