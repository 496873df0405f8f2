-- One row per vault: did its runs lately leave a resource without a backup?
-- id: backup-run-skipped-nothing
-- title: No run of a vault leaves a resource without a backup
-- severity: high
-- version: 2
-- subject: vault
-- worse: higher
-- parameters: gap_window_days
-- remedy: Look up the error code of the task. Most causes are a full vault, a resource that is
--   locked by another task, or one that was deleted without being removed from the vault.
-- reasons:
--   nothing_skipped: pass: All {runs} tasks of the last {gap_window_days} days left a backup.
--   runs_skipped: fail: Tasks of the last {gap_window_days} days that left no backup: {skipped},
--     the latest at {last_skipped_at}. Resources: {resources}. Error codes: {error_codes}.
--   log_incomplete: unknown: The record of tasks is not complete for the last {gap_window_days}
--     days.
--   input_stale: unknown: The record of tasks was last read at {last_read_at}.
--   no_runs: not_applicable: No run of it is on record in the last {gap_window_days} days.
--   input_missing: not_applicable: The record of tasks is not read. See meta.inputs for the
--     permission to ask for.
with omissions as (
    select
        scope,
        vault_id,
        count(*) as skipped,
        min(run_at) as first_skipped_at,
        max(run_at) as last_skipped_at,
        nullif(
            array_to_string(
                list_sort(array_agg(distinct coalesce(resource_name, resource_id))), ', '
            ),
            ''
        ) as resources,
        nullif(array_to_string(list_sort(array_agg(distinct error_code)), ', '), '') as error_codes
    from intermediate.int_missed_attempts
    where is_in_window
    group by scope, vault_id
),

runs as (
    select
        operations.scope,
        coalesce(operations.vault_id, resources.vault_id) as vault_id,
        count(*) as runs
    from cbr.operations as operations
    inner join staging.stg_snapshots as snapshots using (scope)
    inner join policy.settings as settings using (scope)
    left join intermediate.int_resources as resources
        on operations.scope = resources.scope
        and operations.extra_info_resource_id = resources.resource_id
    where operations.operation_type = 'backup'
        and operations.status in ('success', 'failed', 'skipped', 'timeout')
        and coalesce(operations.started_at, operations.created_at)
        >= snapshots.as_of - settings.gap_window_days * interval '1' day
    group by operations.scope, coalesce(operations.vault_id, resources.vault_id)
),

gaps as (
    select scope, max(gap_to) as last_gap_to
    from meta.input_gaps
    inner join policy.settings as settings using (scope)
    where input = 'operations'
        and gap_to > gap_from + settings.clock_skew_seconds * interval '1' second
    group by scope
)

select
    scope,
    vaults.snapshot_id,
    vault_id as subject_id,
    case
        when inputs.state = 'missing' then 'input_missing'
        when inputs.state = 'stale' then 'input_stale'
        when omissions.skipped > 0 then 'runs_skipped'
        when inputs.state = 'incomplete' then 'log_incomplete'
        when gaps.last_gap_to >= inputs.as_of - settings.gap_window_days * interval '1' day
            then 'log_incomplete'
        when runs.runs is null then 'no_runs'
        else 'nothing_skipped'
    end as reason_code,
    coalesce(omissions.skipped, 0) as measured_value,
    'tasks' as measured_unit,
    0 as threshold_value,
    omissions.first_skipped_at as failing_since,
    coalesce(omissions.skipped, 0) as skipped,
    runs.runs,
    date_trunc('second', omissions.last_skipped_at) as last_skipped_at,
    omissions.resources,
    omissions.error_codes,
    settings.gap_window_days,
    date_trunc('second', inputs.last_read_at) as last_read_at
from intermediate.int_vaults as vaults
inner join staging.stg_inputs as inputs using (scope)
inner join policy.settings as settings using (scope)
left join omissions using (scope, vault_id)
left join runs using (scope, vault_id)
left join gaps using (scope)
where inputs.input = 'operations'
