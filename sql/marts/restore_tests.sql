-- One row per restore on record: was it a successful test, and of what? A restore that failed or
-- still runs is listed, but is no test.
-- kind: view
select
    restores.scope,
    snapshots.snapshot_id,
    snapshots.as_of,
    operation_id, -- VARCHAR: ID of the task. Null if a file has the restore.
    resource_id, -- VARCHAR: ID of the resource whose backup was restored.
    -- VARCHAR: Name of the resource.
    coalesce(requirements.resource_name, restores.resource_name) as resource_name,
    requirements.tier,
    requirements.owner,
    restores.backup_id, -- VARCHAR: ID of the backup. Null if the task does not name it.
    restores.target_resource_id,
    restores.status, -- VARCHAR: Status of the task.
    restores.is_test,
    restores.started_at,
    restores.ended_at,
    restores.minutes,
    requirements.max_restore_minutes,
    requirements.restore_test_days,
    -- BOOLEAN: Whether it is the newest successful restore of the resource.
    restores.is_test
    and row_number() over (
        partition by restores.scope, resource_id, restores.is_test
        order by
            restores.tested_at desc nulls last,
            operation_id desc nulls last,
            restores.line
    ) = 1 as is_newest,
    restores.error_info_code,
    restores.error_info_message,
    restores.tested_by,
    restores.line -- BIGINT: Line of the restore in the file of the user. Null for a task.
from intermediate.int_restores as restores
inner join staging.stg_snapshots as snapshots using (scope)
left join intermediate.int_requirements as requirements using (scope, resource_id)
