-- One row per control and subject: result of the newest complete snapshot of the scope.
-- kind: view
with clauses as (
    select
        control_id,
        coalesce(
            list_sort(array_agg(distinct framework || ' ' || reference)), cast([] as varchar[])
        ) as standards
    from compliance.standards
    where control_id is not null
    group by control_id
)

select
    runs.run_id,
    scope,
    findings.snapshot_id,
    snapshots.as_of,
    snapshots.is_sandbox,
    scopes.is_stale,
    control_id, -- VARCHAR: ID of the control.
    controls.version as control_version, -- VARCHAR: Version of the control.
    subjects.project_id, -- VARCHAR: Project of the subject.
    subjects.region,
    subjects.enterprise_project_id,
    subjects.subject_type,
    subject_id, -- VARCHAR: ID of the resource, backup, vault, scope or waiver.
    subjects.subject_name,
    subjects.resource_id, -- VARCHAR: ID of the resource.
    subjects.resource_name,
    subjects.resource_type,
    subjects.vault_id,
    -- VARCHAR: Status before waivers: pass, fail, not_applicable or unknown.
    findings.status as raw_status,
    -- VARCHAR: Status after waivers: a failure may be waived.
    coalesce(open_findings.effective_status, findings.status) as effective_status,
    controls.severity,
    -- VARCHAR: Reason code of the control, or why a waiver is not active.
    coalesce(open_findings.reason_code, findings.reason_code) as reason_code,
    findings.reason,
    findings.measured_value,
    findings.measured_unit,
    findings.threshold_value,
    -- VARCHAR[]: IDs of the backups that are evidence for the result.
    coalesce(
        findings.evidence_backup_ids,
        case
            when subject_kind in ('recovery_point', 'lost_point', 'known_point')
                then array[subject_id]
            else cast([] as varchar[])
        end
    ) as evidence_backup_ids,
    -- VARCHAR: Hash of the result. The same snapshot and rule give the same hash.
    sha256(
        control_id || '|' || controls.version || '|' || scope || '|' || findings.snapshot_id || '|'
        || subject_id || '|' || findings.status || '|' || findings.reason_code || '|'
        || findings.reason
    ) as evidence_sha256,
    subjects.policy_rule_id,
    settings.policy_sha256,
    settings.waivers_sha256,
    open_findings.waiver_id,
    open_findings.waiver_expires_at,
    subjects.owner,
    open_findings.first_failed_at,
    -- BIGINT: Number of days from first_failed_at to as_of.
    case
        when findings.status = 'fail'
            then date_diff(
                'day',
                cast(open_findings.first_failed_at as date),
                cast(snapshots.as_of as date)
            )
    end as days_failing,
    -- VARCHAR[]: Clauses of standards that a pass supports.
    coalesce(clauses.standards, cast([] as varchar[])) as standards
from controls.findings as findings
inner join compliance.controls as controls using (control_id)
inner join intermediate.int_subjects as subjects using (scope, subject_kind, subject_id)
inner join staging.stg_snapshots as snapshots using (scope)
inner join staging.stg_scopes as scopes using (scope)
inner join policy.settings as settings using (scope)
left join intermediate.int_open_findings as open_findings using (control_id, scope, subject_id)
left join clauses using (control_id)
cross join meta.runs as runs
