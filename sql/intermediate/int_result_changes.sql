-- One row per result that changed between the two latest snapshots that were judged. Alerts are
-- based on it.
with last_judged as (
    -- Without an earlier snapshot that was judged, nothing has changed.
    select scope, max(as_of) as as_of from history.result_counts group by scope
),

rules_before as (
    select distinct
        scope,
        counts.control_id,
        counts.control_version,
        counts.policy_sha256,
        counts.waivers_sha256
    from history.result_counts as counts
    inner join last_judged using (scope, as_of)
),

changes as (
    select
        scope,
        control_id,
        severity,
        subject_kind,
        subject_id,
        subject_name,
        resource_id,
        resource_name,
        owner,
        status_before as from_status,
        effective_status as to_status,
        reason_code,
        reason,
        waiver_id,
        true as is_there
    from intermediate.int_open_findings
    where status_before is null or status_before <> effective_status
    union all
    select
        scope,
        control_id,
        before.severity,
        before.subject_kind,
        subject_id,
        before.subject_name,
        before.resource_id,
        before.resource_name,
        before.owner,
        before.status as from_status,
        findings.status as to_status,
        findings.reason_code,
        findings.reason,
        cast(null as varchar) as waiver_id,
        findings.status is not null as is_there
    from history.open_results as before
    left join intermediate.int_open_findings as open_findings using (scope, control_id, subject_id)
    left join controls.findings as findings using (scope, control_id, subject_id)
    where open_findings.status is null
)

select
    scope,
    snapshots.snapshot_id,
    snapshots.as_of,
    control_id, -- VARCHAR: ID of the control.
    controls.version as control_version, -- VARCHAR: Version of the control.
    settings.policy_sha256, -- VARCHAR: SHA-256 of the policy file. Null for the built-in policy.
    settings.waivers_sha256, -- VARCHAR: SHA-256 of the waiver file. Null if there is none.
    changes.severity,
    changes.subject_kind, -- VARCHAR: Kind of the subject.
    changes.subject_id, -- VARCHAR: ID of the resource, backup, vault, scope or waiver.
    changes.subject_name, -- VARCHAR: Name of the subject.
    changes.resource_id, -- VARCHAR: ID of the resource.
    changes.resource_name, -- VARCHAR: Latest known name of the resource.
    changes.owner, -- VARCHAR: Owner.
    changes.from_status, -- VARCHAR: Previous status. Null if it passed or did not exist.
    changes.to_status, -- VARCHAR: New status. Null if the subject no longer exists.
    changes.reason_code, -- VARCHAR: Reason code.
    changes.reason, -- VARCHAR: Reason, one sentence.
    changes.waiver_id, -- VARCHAR: ID of the waiver for this result, active or not.
    case
        when not changes.is_there then 'subject'
        when coalesce(settings.policy_sha256, '') <> coalesce(rules_before.policy_sha256, '')
            then 'policy'
        when (changes.from_status = 'waived' or changes.to_status = 'waived')
            and coalesce(settings.waivers_sha256, '') <> coalesce(rules_before.waivers_sha256, '')
            then 'waivers'
        when rules_before.control_version is null
            or rules_before.control_version <> controls.version
            then 'rule'
        else 'data'
    end as cause -- VARCHAR: Cause: data, policy, waivers, control version or missing subject.
from changes
inner join last_judged using (scope)
inner join compliance.controls as controls using (control_id)
inner join staging.stg_snapshots as snapshots using (scope)
inner join policy.settings using (scope)
left join rules_before using (scope, control_id)
