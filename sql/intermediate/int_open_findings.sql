-- One row per finding that fails, is waived or is unknown.
with last_judged as (
    select scope, control_id, max(as_of) as as_of
    from history.result_counts
    group by scope, control_id
),

findings as (
    select
        findings.*,
        controls.version as control_version,
        controls.severity,
        controls.subject_kind,
        snapshots.as_of
    from controls.findings as findings
    inner join compliance.controls as controls using (control_id)
    inner join staging.stg_snapshots as snapshots using (scope)
    where findings.status in ('fail', 'unknown')
),

open_findings as (
    select
        findings.*,
        subjects.subject_type,
        subjects.subject_name,
        subjects.resource_id,
        subjects.resource_name,
        subjects.resource_type,
        subjects.vault_id,
        subjects.project_id,
        subjects.enterprise_project_id,
        subjects.tier,
        subjects.owner,
        waivers.waiver_id,
        waivers.waiver_expires_at,
        waivers.waiver_state,
        case
            when waivers.waiver_state = 'waived' then 'waived'
            else findings.status
        end as effective_status
    from findings
    inner join intermediate.int_subjects as subjects using (scope, subject_kind, subject_id)
    left join intermediate.int_waived as waivers
        on findings.control_id = waivers.control_id
        and findings.scope = waivers.scope
        and findings.subject_id = waivers.subject_id
        and waivers.place = 1
)

select
    control_id, -- VARCHAR: ID of the control.
    findings.control_version, -- VARCHAR: Version of the control.
    findings.severity,
    findings.subject_kind, -- VARCHAR: resource, recovery_point, lost_point, vault, scope or waiver.
    scope,
    findings.snapshot_id,
    findings.as_of,
    subject_id, -- VARCHAR: ID of the resource, backup, vault, scope or waiver.
    -- VARCHAR: Type of a resource, waiver or exclusion; otherwise the kind of subject.
    findings.subject_type,
    findings.subject_name,
    findings.resource_id,
    findings.resource_name,
    findings.resource_type,
    findings.vault_id,
    findings.project_id, -- VARCHAR: Project of the subject.
    findings.enterprise_project_id,
    findings.tier, -- VARCHAR: Name of the tier.
    findings.owner,
    findings.status, -- VARCHAR: fail or unknown.
    findings.effective_status, -- VARCHAR: Status after waivers: fail, waived or unknown.
    case
        when findings.waiver_state <> 'waived' then findings.waiver_state
        else findings.reason_code
    end as reason_code, -- VARCHAR: Reason code of the control, or why a waiver is not active.
    findings.reason,
    findings.measured_value,
    findings.threshold_value,
    coalesce(
        findings.evidence_backup_ids,
        case
            when findings.subject_kind in ('recovery_point', 'lost_point', 'known_point')
                then array[subject_id]
            else cast([] as varchar[])
        end
    ) as evidence_backup_ids, -- VARCHAR[]: IDs of the backups that are evidence for the result.
    findings.failing_since,
    -- The last snapshot with another status is more reliable than the times in records.
    case
        when findings.status <> 'fail' then null
        when before.status in ('fail', 'waived') then coalesce(before.first_failed_at, before.since)
        when last_judged.as_of is null or findings.failing_since > last_judged.as_of
            then least(coalesce(findings.failing_since, findings.as_of), findings.as_of)
        else findings.as_of
    end as first_failed_at, -- TIMESTAMP: Since when it fails, without interruption.
    case
        when before.status = findings.effective_status then before.since
        else findings.as_of
    end as since, -- TIMESTAMP: First snapshot with this status, without interruption.
    -- VARCHAR: Status in the previous snapshot: fail, waived or unknown.
    before.status as status_before,
    settings.policy_sha256, -- VARCHAR: SHA-256 of the policy file. Null for the built-in policy.
    settings.waivers_sha256, -- VARCHAR: SHA-256 of the waiver file. Null if there is none.
    findings.waiver_id, -- VARCHAR: ID of the waiver for this result, active or not.
    findings.waiver_expires_at,
    findings.waiver_state
from open_findings as findings
inner join policy.settings using (scope)
left join last_judged using (scope, control_id)
left join history.open_results as before using (scope, control_id, subject_id)
