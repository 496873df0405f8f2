-- One row a control and subject: how the newest complete snapshot of the scope stands against the control.
-- kind: view
with findings as (
    select * from controls.findings
),

controls as (
    select * from compliance.controls
),

subjects as (
    select * from intermediate.int_subjects
),

exceptions as (
    select * from intermediate.int_open_findings
),

clauses as (
    select
        control_id,
        coalesce(list_sort(array_agg(distinct framework || ' ' || reference)), cast([] as varchar[])) as standards
    from compliance.standards
    where control_id is not null
    group by control_id
),

snapshots as (
    select * from staging.stg_snapshots
),

scopes as (
    select * from staging.stg_scopes
),

settings as (
    select * from policy.settings
),

runs as (
    select * from meta.runs
)

select
    u.run_id,
    f.scope,
    f.snapshot_id,
    n.as_of,
    n.is_sandbox,
    e.is_stale,
    f.control_id, -- VARCHAR: Id of the control.
    c.version as control_version, -- VARCHAR: Version of the control's rule.
    s.project_id, -- VARCHAR: Project of the subject.
    s.region,
    s.enterprise_project_id,
    s.subject_type,
    f.subject_id, -- VARCHAR: Id of the resource, backup, vault, scope or waiver.
    s.subject_name,
    s.resource_id, -- VARCHAR: Id of the resource.
    s.resource_name,
    s.resource_type,
    s.vault_id,
    f.status as raw_status, -- VARCHAR: pass, fail, not_applicable, or unknown: what the data says.
    coalesce(x.effective_status, f.status) as effective_status, -- VARCHAR: The same after waivers: a failure may be waived.
    c.severity,
    coalesce(x.reason_code, f.reason_code) as reason_code, -- VARCHAR: Why, in a word: the control's, or why a waiver does not hold.
    f.reason,
    f.measured_value,
    f.measured_unit,
    f.threshold_value,
    coalesce(
        f.evidence_backup_ids,
        case when c.subject_kind in ('recovery_point', 'lost_point', 'known_point') then array[f.subject_id] else cast([] as varchar[]) end
    ) as evidence_backup_ids, -- VARCHAR[]: Ids of the backups that show it.
    sha256(
        f.control_id || '|' || c.version || '|' || f.scope || '|' || f.snapshot_id || '|' || f.subject_id || '|'
        || f.status || '|' || f.reason_code || '|' || f.reason
    ) as evidence_sha256, -- VARCHAR: Hash of what was judged and how; the same snapshot and rule give the same.
    s.policy_rule_id,
    t.policy_sha256,
    t.waivers_sha256,
    x.waiver_id,
    x.waiver_expires_at,
    s.owner,
    x.first_failed_at,
    case
        when f.status = 'fail' then date_diff('day', cast(x.first_failed_at as date), cast(n.as_of as date))
    end as days_failing, -- BIGINT: Days from first_failed_at to as_of.
    coalesce(l.standards, cast([] as varchar[])) as standards -- VARCHAR[]: Clauses that a pass supports.
from findings as f
inner join controls as c on f.control_id = c.control_id
inner join subjects as s
    on f.scope = s.scope
    and f.snapshot_id = s.snapshot_id
    and f.subject_id = s.subject_id
    and c.subject_kind = s.subject_kind
inner join snapshots as n on f.scope = n.scope and f.snapshot_id = n.snapshot_id
inner join scopes as e on f.scope = e.scope
inner join settings as t on f.scope = t.scope and f.snapshot_id = t.snapshot_id
left join exceptions as x
    on f.control_id = x.control_id
    and f.scope = x.scope
    and f.snapshot_id = x.snapshot_id
    and f.subject_id = x.subject_id
left join clauses as l on f.control_id = l.control_id
cross join runs as u
