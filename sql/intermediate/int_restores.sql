-- One row per restore on record: which resource it restored, how it ended, and how long it took.
-- kind: view
select
    operations.scope,
    operations.id as operation_id, -- VARCHAR: ID of the task.
    -- VARCHAR: ID of the resource whose backup was restored.
    coalesce(lives.resource_id, operations.extra_info_resource_id) as resource_id,
    -- VARCHAR: Name of the resource.
    coalesce(lives.resource_name, operations.extra_info_resource_name) as resource_name,
    -- VARCHAR: ID of the backup. Null if the task does not name it.
    operations.extra_info_restore_backup_id as backup_id,
    -- VARCHAR: ID of the resource that the data was written to.
    operations.extra_info_restore_target_resource_id as target_resource_id,
    operations.status, -- VARCHAR: Status of the task.
    operations.status = 'success' as is_test, -- BOOLEAN: Whether it proves that a restore works.
    operations.started_at,
    operations.ended_at,
    -- DOUBLE: Time from start to end.
    cast(
        date_diff(
            'second',
            date_trunc('second', operations.started_at),
            date_trunc('second', operations.ended_at)
        ) as double
    ) / 60.0 as minutes,
    -- TIMESTAMP: When it ended, or began if the end is not on record.
    coalesce(operations.ended_at, operations.started_at, operations.created_at) as tested_at,
    operations.error_info_code,
    operations.error_info_message
from cbr.operations as operations
left join history.backup_lifecycle as lives
    on operations.scope = lives.scope
    and operations.extra_info_restore_backup_id = lives.backup_id
where operations.operation_type = 'restore'
