-- One row an exception: a finding that fails, is waived, or can not be decided.
with findings as (
    select * from controls.findings where status in ('fail', 'unknown')
),

controls as (
    select * from compliance.controls
),

subjects as (
    select * from intermediate.int_subjects
),

snapshots as (
    select * from staging.stg_snapshots
),

waived as (
    select * from intermediate.int_waived where place = 1
),

settings as (
    select * from policy.settings
),

before as (
    select * from history.open_results
),

judged_before as (
    select scope, control_id, max(as_of) as as_of from history.result_counts group by scope, control_id
),

found as (
    select
        f.control_id,
        c.version as control_version,
        c.severity,
        c.subject_kind,
        f.scope,
        f.snapshot_id,
        n.as_of,
        f.subject_id,
        s.subject_type,
        s.subject_name,
        s.resource_id,
        s.resource_name,
        s.resource_type,
        s.vault_id,
        s.project_id,
        s.enterprise_project_id,
        s.tier,
        s.owner,
        f.status,
        f.reason_code,
        f.reason,
        f.measured_value,
        f.threshold_value,
        coalesce(
            f.evidence_backup_ids,
            case when c.subject_kind in ('recovery_point', 'lost_point', 'known_point') then array[f.subject_id] else cast([] as varchar[]) end
        ) as evidence_backup_ids,
        f.failing_since
    from findings as f
    inner join controls as c on f.control_id = c.control_id
    inner join subjects as s
        on f.scope = s.scope
        and f.snapshot_id = s.snapshot_id
        and f.subject_id = s.subject_id
        and c.subject_kind = s.subject_kind
    inner join snapshots as n on f.scope = n.scope and f.snapshot_id = n.snapshot_id
)

select
    f.control_id, -- VARCHAR: Id of the control.
    f.control_version, -- VARCHAR: Version of the control's rule.
    f.severity,
    f.subject_kind, -- VARCHAR: resource, recovery_point, lost_point, vault, scope or waiver.
    f.scope,
    f.snapshot_id,
    f.as_of,
    f.subject_id, -- VARCHAR: Id of the resource, backup, vault, scope or waiver.
    f.subject_type, -- VARCHAR: server, volume, turbo, other, unknown or volume_via_server of a resource; waiver or exclusion of a waiver; else the kind.
    f.subject_name,
    f.resource_id,
    f.resource_name,
    f.resource_type,
    f.vault_id,
    f.project_id, -- VARCHAR: Project of the subject.
    f.enterprise_project_id,
    f.tier, -- VARCHAR: Name of the tier.
    f.owner,
    f.status, -- VARCHAR: fail or unknown.
    case when w.waiver_state = 'waived' then 'waived' else f.status end as effective_status, -- VARCHAR: The same after waivers: fail, waived or unknown.
    case when w.waiver_state <> 'waived' then w.waiver_state else f.reason_code end as reason_code, -- VARCHAR: Why, in a word: the control's, or why a waiver does not hold.
    f.reason,
    f.measured_value,
    f.threshold_value,
    f.evidence_backup_ids, -- VARCHAR[]: Ids of the backups that show it.
    f.failing_since,
    -- A snapshot that was judged otherwise knows better than any time that a record carries.
    case
        when f.status <> 'fail' then null
        when b.status in ('fail', 'waived') then coalesce(b.first_failed_at, b.since)
        when j.as_of is null or f.failing_since > j.as_of then least(coalesce(f.failing_since, f.as_of), f.as_of)
        else f.as_of
    end as first_failed_at, -- TIMESTAMP: Since when it fails: never before a snapshot that was judged otherwise.
    case
        when b.status = case when w.waiver_state = 'waived' then 'waived' else f.status end then b.since
        else f.as_of
    end as since, -- TIMESTAMP: The first snapshot that was judged so.
    b.status as status_before, -- VARCHAR: Its status when the snapshot before was judged: fail, waived or unknown.
    s.policy_sha256, -- VARCHAR: Hash of the policy file; null where the built-in one holds.
    s.waivers_sha256, -- VARCHAR: Hash of the waiver file; null where there is none.
    w.waiver_id, -- VARCHAR: The waiver that is about it, whether it holds or not.
    w.waiver_expires_at,
    w.waiver_state
from found as f
inner join settings as s on f.scope = s.scope and f.snapshot_id = s.snapshot_id
left join waived as w
    on f.control_id = w.control_id
    and f.scope = w.scope
    and f.snapshot_id = w.snapshot_id
    and f.subject_id = w.subject_id
left join judged_before as j on f.scope = j.scope and f.control_id = j.control_id
left join before as b on f.control_id = b.control_id and f.scope = b.scope and f.subject_id = b.subject_id
