-- One row a result that the newest snapshot has otherwise than the one that was judged before it: what changes, alerts.
with exceptions as (
    select * from intermediate.int_open_findings
),

findings as (
    select * from controls.findings
),

controls as (
    select * from compliance.controls
),

open_before as (
    select * from history.open_results
),

snapshots as (
    select * from staging.stg_snapshots
),

settings as (
    select * from policy.settings
),

judged_before as (
    -- Nothing has changed where nothing was judged before.
    select scope, max(as_of) as as_of
    from history.result_counts
    group by scope
),

rules_before as (
    select distinct
        c.scope,
        c.control_id,
        c.control_version,
        c.policy_sha256,
        c.waivers_sha256
    from history.result_counts as c
    inner join judged_before as j on c.scope = j.scope and c.as_of = j.as_of
),

begun as (
    select
        scope,
        snapshot_id,
        as_of,
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
    from exceptions
    where status_before is null or status_before <> effective_status
),

ended as (
    select
        b.scope,
        n.snapshot_id,
        n.as_of,
        b.control_id,
        b.severity,
        b.subject_kind,
        b.subject_id,
        b.subject_name,
        b.resource_id,
        b.resource_name,
        b.owner,
        b.status as from_status,
        f.status as to_status,
        f.reason_code,
        f.reason,
        cast(null as varchar) as waiver_id,
        f.subject_id is not null as is_there
    from open_before as b
    inner join snapshots as n on b.scope = n.scope
    left join exceptions as x
        on b.scope = x.scope and b.control_id = x.control_id and b.subject_id = x.subject_id
    left join findings as f
        on b.scope = f.scope and b.control_id = f.control_id and b.subject_id = f.subject_id
    where x.subject_id is null
),

changed as (
    select * from begun
    union all
    select * from ended
)

select
    e.scope,
    e.snapshot_id,
    e.as_of,
    e.control_id, -- VARCHAR: Id of the control.
    c.version as control_version, -- VARCHAR: Version of the control's rule.
    s.policy_sha256, -- VARCHAR: Hash of the policy file; null where the built-in one holds.
    s.waivers_sha256, -- VARCHAR: Hash of the waiver file; null where there is none.
    e.severity,
    e.subject_kind, -- VARCHAR: What is judged.
    e.subject_id, -- VARCHAR: Id of the resource, backup, vault, scope or waiver.
    e.subject_name, -- VARCHAR: Its name.
    e.resource_id, -- VARCHAR: Id of the resource.
    e.resource_name, -- VARCHAR: Name of the resource, as it was last seen.
    e.owner, -- VARCHAR: Who answers for it.
    e.from_status, -- VARCHAR: The status before; null where it passed, did not apply, or was not there.
    e.to_status, -- VARCHAR: The status since; null where the subject is there no more.
    e.reason_code, -- VARCHAR: Why, in a word.
    e.reason, -- VARCHAR: Why, in one sentence.
    e.waiver_id, -- VARCHAR: The waiver that is about it, whether it holds or not.
    case
        when not e.is_there then 'subject'
        when coalesce(s.policy_sha256, '') <> coalesce(r.policy_sha256, '') then 'policy'
        when (e.from_status = 'waived' or e.to_status = 'waived')
            and coalesce(s.waivers_sha256, '') <> coalesce(r.waivers_sha256, '')
            then 'waivers'
        when r.control_version is null or r.control_version <> c.version then 'rule'
        else 'data'
    end as cause -- VARCHAR: What changed: the data, the policy, the waivers, the rule of the control, or the subject that is gone.
from changed as e
inner join judged_before as j on e.scope = j.scope
inner join controls as c on e.control_id = c.control_id
inner join settings as s on e.scope = s.scope and e.snapshot_id = s.snapshot_id
left join rules_before as r on e.scope = r.scope and e.control_id = r.control_id
