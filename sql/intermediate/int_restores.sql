-- One row per restore on record, a task of the service or a test in the user's file: which resource
-- it restored, how it ended, and how long it took.
-- kind: view
with tasks as (
    select
        scope,
        id as operation_id,
        extra_info_resource_id as resource_id,
        extra_info_resource_name as resource_name,
        extra_info_restore_backup_id as backup_id,
        extra_info_restore_target_resource_id as target_resource_id,
        status,
        started_at,
        ended_at,
        cast(
            date_diff('second', date_trunc('second', started_at), date_trunc('second', ended_at))
            as double
        ) / 60.0 as minutes,
        coalesce(ended_at, started_at, created_at) as tested_at,
        error_info_code,
        error_info_message
    from cbr.operations
    where operation_type = 'restore'
),

restores as (
    select
        *,
        cast(null as varchar) as tested_by,
        cast(null as bigint) as line
    from tasks
    union all
    select
        scope,
        cast(null as varchar) as operation_id,
        resource_id,
        cast(null as varchar) as resource_name,
        backup_id,
        cast(null as varchar) as target_resource_id,
        result as status,
        cast(null as timestamp) as started_at,
        tested_at as ended_at,
        cast(minutes as double) as minutes,
        tested_at,
        cast(null as varchar) as error_info_code,
        cast(null as varchar) as error_info_message,
        tested_by,
        line
    from cbr.restore_tests
)

select
    scope,
    restores.operation_id, -- VARCHAR: ID of the task. Null if a file has the restore.
    -- VARCHAR: ID of the resource whose backup was restored.
    coalesce(lives.resource_id, restores.resource_id) as resource_id,
    -- VARCHAR: Name of the resource.
    coalesce(lives.resource_name, restores.resource_name) as resource_name,
    backup_id, -- VARCHAR: ID of the backup. Null if the record does not name it.
    -- VARCHAR: ID of the resource that the data was written to.
    restores.target_resource_id,
    restores.status, -- VARCHAR: How it ended.
    -- BOOLEAN: Whether it proves that a restore works. One dated in the future proves nothing.
    restores.status = 'success'
    and coalesce(
        restores.tested_at
        <= snapshots.as_of + settings.clock_skew_seconds * interval '1' second,
        true
    ) as is_test,
    restores.started_at,
    restores.ended_at,
    restores.minutes, -- DOUBLE: Time from start to end.
    -- TIMESTAMP: When it ended, or began if the end is not on record.
    restores.tested_at,
    restores.error_info_code,
    restores.error_info_message,
    restores.tested_by, -- VARCHAR: Who tested it, by the file of the user.
    restores.line -- BIGINT: Line of the restore in the file of the user. Null for a task.
from restores
inner join staging.stg_snapshots as snapshots using (scope)
inner join policy.settings as settings using (scope)
left join history.backup_lifecycle as lives using (scope, backup_id)
