-- One row a result that the newest snapshot has otherwise than the one that was judged before it:
-- what changes, alerts.
with last_judged as (
    -- Nothing has changed where nothing was judged before.
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
    control_id, -- VARCHAR: Id of the control.
    controls.version as control_version, -- VARCHAR: Version of the control's rule.
    settings.policy_sha256, -- VARCHAR: Hash of the policy file; null where the built-in one holds.
    settings.waivers_sha256, -- VARCHAR: Hash of the waiver file; null where there is none.
    changes.severity,
    changes.subject_kind, -- VARCHAR: What is judged.
    changes.subject_id, -- VARCHAR: Id of the resource, backup, vault, scope or waiver.
    changes.subject_name, -- VARCHAR: Its name.
    changes.resource_id, -- VARCHAR: Id of the resource.
    changes.resource_name, -- VARCHAR: Name of the resource, as it was last seen.
    changes.owner, -- VARCHAR: Who answers for it.
    changes.from_status, -- VARCHAR: The status before; null where it passed or was not there.
    changes.to_status, -- VARCHAR: The status since; null where the subject is there no more.
    changes.reason_code, -- VARCHAR: Why, in a word.
    changes.reason, -- VARCHAR: Why, in one sentence.
    changes.waiver_id, -- VARCHAR: The waiver that is about it, whether it holds or not.
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
    end as cause -- VARCHAR: What changed: data, policy, waivers, rule, or subject, which is gone.
from changes
inner join last_judged using (scope)
inner join compliance.controls as controls using (control_id)
inner join staging.stg_snapshots as snapshots using (scope)
inner join policy.settings using (scope)
left join rules_before using (scope, control_id)
