-- One row per attempt to back up a resource that left no backup, according to the tasks of the
-- service and the restore points of runs with trouble. Without the record of tasks there are none.
with backups as (
    select scope, id as backup_id, checkpoint_id, resource_id from cbr.backups
    union all
    select scope, id as backup_id, checkpoint_id, resource_id from history.backups_closed
),

tasks as (
    select
        operations.scope,
        operations.id as task_id,
        coalesce(operations.vault_id, checkpoints.vault_id, resources.vault_id) as vault_id,
        operations.checkpoint_id,
        operations.extra_info_backup_backup_id as backup_id,
        operations.extra_info_resource_id as resource_id,
        operations.extra_info_resource_name as resource_name,
        coalesce(operations.started_at, operations.created_at) as run_at,
        operations.status,
        nullif(operations.error_info_code, '') as error_code
    from cbr.operations as operations
    left join cbr.checkpoints as checkpoints
        on operations.scope = checkpoints.scope and operations.checkpoint_id = checkpoints.id
    left join intermediate.int_resources as resources
        on operations.scope = resources.scope
        and operations.extra_info_resource_id = resources.resource_id
    where operations.operation_type = 'backup'
        and operations.status in ('skipped', 'timeout', 'failed')
),

tasks_with_backups as (
    -- Their attempts are judged by the backups that they left, wherever these were seen.
    select tasks.scope, tasks.task_id
    from tasks
    inner join backups on tasks.scope = backups.scope and tasks.backup_id = backups.backup_id
    union
    select tasks.scope, tasks.task_id
    from tasks
    inner join backups
        on tasks.scope = backups.scope
        and tasks.checkpoint_id = backups.checkpoint_id
        and tasks.resource_id = backups.resource_id
),

omissions as (
    select
        scope,
        tasks.vault_id,
        tasks.checkpoint_id,
        tasks.resource_id,
        tasks.resource_name,
        tasks.run_at,
        tasks.status,
        tasks.error_code
    from tasks
    left join tasks_with_backups using (scope, task_id)
    where tasks_with_backups.task_id is null
    union all
    select
        skipped.scope,
        checkpoints.vault_id,
        skipped.checkpoint_id,
        skipped.id as resource_id,
        skipped.name as resource_name,
        checkpoints.created_at as run_at,
        'skipped' as status,
        nullif(skipped.code, '') as error_code
    from cbr.skipped_resources as skipped
    inner join cbr.checkpoints as checkpoints
        on skipped.scope = checkpoints.scope and skipped.checkpoint_id = checkpoints.id
    -- What a task and its restore point both report is one omission.
    left join tasks
        on skipped.scope = tasks.scope
        and skipped.checkpoint_id = tasks.checkpoint_id
        and skipped.id = tasks.resource_id
    where tasks.scope is null
)

-- A task stays on record however long ago the record was last read. The backup of one that began
-- after the snapshot may not be in it.
select
    scope,
    -- VARCHAR: Snapshot of the scope: the UTC second at which reading began, for example
    -- 20261123T020000Z.
    snapshots.snapshot_id,
    omissions.vault_id, -- VARCHAR: ID of the vault. Null if no record names it.
    omissions.checkpoint_id, -- VARCHAR: ID of the restore point of the run.
    omissions.resource_id, -- VARCHAR: ID of the resource. Null if the task names none.
    omissions.resource_name, -- VARCHAR: Name of the resource.
    omissions.run_at, -- TIMESTAMP: When the run began.
    omissions.status, -- VARCHAR: skipped, timeout or failed.
    omissions.error_code, -- VARCHAR: Error code of the service.
    omissions.run_at >= snapshots.as_of - settings.gap_window_days * interval '1' day
        as is_in_window -- BOOLEAN: Whether the run began within the window for attempts.
from omissions
inner join staging.stg_snapshots as snapshots using (scope)
inner join staging.stg_inputs as inputs using (scope)
inner join policy.settings as settings using (scope)
where inputs.input = 'operations'
    and inputs.state <> 'missing'
    and omissions.run_at <= snapshots.as_of
