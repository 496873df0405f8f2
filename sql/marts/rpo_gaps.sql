-- One row per gap between the recovery points of a resource that is longer than its RPO and grace,
-- or still open. Resources that the policy excludes have none.
-- kind: view
select
    scope,
    gaps.snapshot_id,
    requirements.as_of,
    resource_id,
    requirements.resource_name,
    requirements.subject_type,
    requirements.vault_id,
    requirements.tier,
    requirements.owner,
    requirements.rpo_hours,
    requirements.grace_hours,
    gaps.gap_start,
    gaps.gap_end,
    gaps.hours,
    gaps.is_open,
    gaps.is_breach,
    gaps.exposure_hours,
    gaps.hours_now,
    gaps.start_backup_id,
    gaps.end_backup_id,
    gaps.still_exists,
    -- BIGINT: Number of attempts in the gap that left no backup, according to the record of tasks.
    -- Null where the record is not read.
    case when inputs.state <> 'missing' then coalesce(runs.missed_runs, 0) end as missed_runs,
    runs.missed_error_codes
from intermediate.int_gaps as gaps
inner join intermediate.int_requirements as requirements using (scope, resource_id)
inner join staging.stg_inputs as inputs using (scope)
left join intermediate.int_gap_runs as runs using (scope, resource_id, gap_end)
where inputs.input = 'operations' and requirements.exclusion_id is null
