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
    gaps.still_exists
from intermediate.int_gaps as gaps
inner join intermediate.int_requirements as requirements using (scope, resource_id)
where requirements.exclusion_id is null
