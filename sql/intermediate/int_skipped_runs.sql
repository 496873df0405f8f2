-- One row per resource that a run of backups in the window left without a backup, according to the
-- tasks of the service and the restore points of runs with trouble.
-- kind: view
with tasks as (
    select
        operations.scope,
        coalesce(operations.vault_id, checkpoints.vault_id, resources.vault_id) as vault_id,
        operations.checkpoint_id,
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
    -- A failure that left a backup is judged by that backup.
    where operations.operation_type = 'backup'
        and (
            operations.status in ('skipped', 'timeout')
            or operations.status = 'failed'
            and coalesce(operations.extra_info_backup_backup_id, '') = ''
        )
),

omissions as (
    select scope, vault_id, checkpoint_id, resource_id, resource_name, run_at, status, error_code
    from tasks
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

select
    scope,
    omissions.vault_id, -- VARCHAR: ID of the vault. Null if no record names it.
    omissions.checkpoint_id, -- VARCHAR: ID of the restore point of the run.
    omissions.resource_id, -- VARCHAR: ID of the resource. Null if the task names none.
    omissions.resource_name, -- VARCHAR: Name of the resource.
    omissions.run_at, -- TIMESTAMP: When the run began.
    omissions.status, -- VARCHAR: skipped, timeout, or failed without leaving a backup.
    omissions.error_code -- VARCHAR: Error code of the service.
from omissions
inner join staging.stg_snapshots as snapshots using (scope)
inner join policy.settings as settings using (scope)
where omissions.run_at >= snapshots.as_of - settings.gap_window_days * interval '1' day
