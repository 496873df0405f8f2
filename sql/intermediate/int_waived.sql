-- One row per failure and waiver that names it: whether the waiver is active.
with waived_failures as (
    select
        scope,
        control_id,
        subject_id,
        findings.snapshot_id,
        findings.measured_value,
        waivers.waiver_id,
        waivers.expires_at,
        waivers.max_measured_value,
        case
            when snapshots.as_of > waivers.expires_at then 'waiver_expired'
            when waivers.max_measured_value is not null and findings.measured_value is null
                then 'waiver_exceeded'
            when controls.worse = 'higher' and findings.measured_value > waivers.max_measured_value
                then 'waiver_exceeded'
            when controls.worse = 'lower' and findings.measured_value < waivers.max_measured_value
                then 'waiver_exceeded'
            when controls.needs_two_approvers
                and coalesce(
                    list_sort(
                        coalesce(
                            findings.evidence_backup_ids,
                            case
                                when subject_kind in ('recovery_point', 'lost_point', 'known_point')
                                    then array[subject_id]
                                else cast([] as varchar[])
                            end
                        )
                    ) <> list_sort(waivers.backup_ids),
                    true
                )
                then 'waiver_exceeded'
            else 'waived'
        end as waiver_state
    from controls.waivable as findings
    -- Most controls have no waivers, so only the others are read.
    inner join policy.waivers using (scope, control_id)
    inner join compliance.controls as controls using (control_id)
    inner join staging.stg_snapshots as snapshots using (scope)
    inner join intermediate.int_subjects as subjects using (scope, subject_kind, subject_id)
    where findings.status = 'fail'
        and snapshots.as_of >= waivers.created_at
        and waivers.value = case waivers.selector
            when 'resource_id' then subjects.resource_id
            when 'backup_id' then subject_id
            when 'vault_id' then subjects.vault_id
            when 'enterprise_project_id' then subjects.enterprise_project_id
            when 'project_id' then subjects.project_id
        end
)

select
    control_id, -- VARCHAR: ID of the control.
    scope,
    snapshot_id,
    subject_id, -- VARCHAR: ID of the resource, backup, vault, scope or waiver.
    waiver_id,
    expires_at as waiver_expires_at, -- TIMESTAMP: When the waiver ends.
    max_measured_value,
    measured_value,
    -- A waiver is exceeded if the failure is worse than it allows, or concerns other backups.
    waiver_state, -- VARCHAR: waived, waiver_exceeded or waiver_expired.
    row_number() over (
        partition by control_id, scope, subject_id
        order by
            case waiver_state when 'waived' then 1 when 'waiver_exceeded' then 2 else 3 end,
            expires_at desc,
            waiver_id
    ) as place -- BIGINT: Rank of the waiver; 1 is the waiver that applies.
from waived_failures
