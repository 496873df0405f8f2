-- One row a control, kind of subject, tier, project and status of the newest snapshot: how many.
with findings as (
    select * from controls.findings
),

exceptions as (
    select * from intermediate.int_open_findings
),

controls as (
    select * from compliance.controls
),

demands as (
    select * from intermediate.int_requirements
),

snapshots as (
    select * from staging.stg_snapshots
),

settings as (
    select * from policy.settings
),

plain as (
    -- Resources are counted by what they are; everything else as one.
    select
        f.control_id,
        f.scope,
        f.snapshot_id,
        coalesce(d.subject_type, c.subject_kind) as subject_type,
        d.tier,
        d.project_id,
        f.status,
        count(*) as subjects
    from findings as f
    inner join controls as c on f.control_id = c.control_id
    left join demands as d
        on f.scope = d.scope
        and f.snapshot_id = d.snapshot_id
        and f.subject_id = d.resource_id
        and c.subject_kind = 'resource'
    group by
        f.control_id, f.scope, f.snapshot_id, coalesce(d.subject_type, c.subject_kind), d.tier, d.project_id, f.status
),

accepted as (
    select
        x.control_id,
        x.scope,
        x.snapshot_id,
        coalesce(d.subject_type, x.subject_kind) as subject_type,
        d.tier,
        d.project_id,
        count(*) as subjects
    from exceptions as x
    left join demands as d
        on x.scope = d.scope
        and x.snapshot_id = d.snapshot_id
        and x.subject_id = d.resource_id
        and x.subject_kind = 'resource'
    where x.effective_status = 'waived'
    group by x.control_id, x.scope, x.snapshot_id, coalesce(d.subject_type, x.subject_kind), d.tier, d.project_id
),

together as (
    select control_id, scope, snapshot_id, subject_type, tier, project_id, status, subjects from plain
    union all
    select control_id, scope, snapshot_id, subject_type, tier, project_id, 'waived' as status, subjects from accepted
    union all
    select control_id, scope, snapshot_id, subject_type, tier, project_id, 'fail' as status, -subjects as subjects
    from accepted
)

select
    t.scope,
    t.snapshot_id,
    n.as_of,
    t.control_id, -- VARCHAR: Id of the control.
    c.version as control_version, -- VARCHAR: Version of the control's rule.
    s.policy_sha256, -- VARCHAR: Hash of the policy file; null where the built-in one holds.
    s.waivers_sha256, -- VARCHAR: Hash of the waiver file; null where there is none.
    c.severity,
    t.subject_type, -- VARCHAR: What was judged.
    t.tier, -- VARCHAR: Tier of the resource.
    t.project_id, -- VARCHAR: Project of the subject.
    t.status, -- VARCHAR: The status after waivers.
    sum(t.subjects) as subjects -- BIGINT: Subjects that have it.
from together as t
inner join controls as c on t.control_id = c.control_id
inner join snapshots as n on t.scope = n.scope and t.snapshot_id = n.snapshot_id
inner join settings as s on t.scope = s.scope and t.snapshot_id = s.snapshot_id
group by
    t.scope, t.snapshot_id, n.as_of, t.control_id, c.version, s.policy_sha256, s.waivers_sha256, c.severity,
    t.subject_type, t.tier, t.project_id, t.status
having sum(t.subjects) > 0
