-- One row per attempt to back up a resource: backups that were ever started, except copies, and
-- attempts on record that left no backup.
-- kind: view
with attempts as (
    select
        scope,
        snapshot_id,
        resource_id,
        vault_id,
        backup_id,
        created_at as attempted_at,
        outcome,
        false as is_missed,
        is_in_window
    from intermediate.int_attempts
    union all
    select
        scope,
        snapshot_id,
        resource_id,
        vault_id,
        cast(null as varchar) as backup_id,
        run_at as attempted_at,
        'failed' as outcome,
        true as is_missed,
        is_in_window
    from intermediate.int_missed_attempts
)

select
    scope,
    -- VARCHAR: Snapshot of the scope: the UTC second at which reading began, for example
    -- 20261123T020000Z.
    snapshot_id,
    resource_id, -- VARCHAR: ID of the resource. Null if a task names none.
    vault_id, -- VARCHAR: ID of the vault. Null if no record names it.
    backup_id, -- VARCHAR: ID of the backup. Null if the attempt left none.
    attempted_at, -- TIMESTAMP: When the backup or its run began.
    outcome, -- VARCHAR: succeeded, failed, in_flight, removed or unknown.
    is_missed, -- BOOLEAN: Whether the attempt left no backup.
    is_in_window -- BOOLEAN: Whether it began within the window for attempts.
from attempts
