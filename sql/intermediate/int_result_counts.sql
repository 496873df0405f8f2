-- One row per control, kind of subject, tier, project and status of the newest snapshot: number of
-- subjects.
with resources as (
    -- Resources are counted by their type; other subjects are not subdivided.
    select
        scope,
        'resource' as subject_kind,
        resource_id as subject_id,
        subject_type,
        tier,
        project_id
    from intermediate.int_requirements
),

counts as (
    select
        scope,
        control_id,
        coalesce(resources.subject_type, subject_kind) as subject_type,
        resources.tier,
        resources.project_id,
        findings.status,
        count(*) as subjects
    from controls.findings as findings
    inner join compliance.controls as controls using (control_id)
    left join resources using (scope, subject_kind, subject_id)
    group by
        scope, control_id, coalesce(resources.subject_type, subject_kind), resources.tier,
        resources.project_id, findings.status
),

waived_counts as (
    select
        scope,
        control_id,
        coalesce(resources.subject_type, subject_kind) as subject_type,
        resources.tier,
        resources.project_id,
        count(*) as subjects
    from intermediate.int_open_findings as findings
    left join resources using (scope, subject_kind, subject_id)
    where findings.effective_status = 'waived'
    group by
        scope, control_id, coalesce(resources.subject_type, subject_kind), resources.tier,
        resources.project_id
),

counts_after_waivers as (
    select scope, control_id, subject_type, tier, project_id, status, subjects
    from counts
    union all
    select scope, control_id, subject_type, tier, project_id, 'waived' as status, subjects
    from waived_counts
    union all
    select
        scope,
        control_id,
        subject_type,
        tier,
        project_id,
        'fail' as status,
        -subjects as subjects
    from waived_counts
),

totals as (
    select
        scope,
        control_id,
        subject_type,
        tier,
        project_id,
        status,
        sum(subjects) as subjects
    from counts_after_waivers
    group by scope, control_id, subject_type, tier, project_id, status
)

select
    scope,
    snapshots.snapshot_id,
    snapshots.as_of,
    control_id, -- VARCHAR: ID of the control.
    controls.version as control_version, -- VARCHAR: Version of the control.
    settings.policy_sha256, -- VARCHAR: SHA-256 of the policy file. Null for the built-in policy.
    settings.waivers_sha256, -- VARCHAR: SHA-256 of the waiver file. Null if there is none.
    controls.severity,
    totals.subject_type, -- VARCHAR: Kind of the subject.
    totals.tier, -- VARCHAR: Tier of the resource.
    totals.project_id, -- VARCHAR: Project of the subject.
    totals.status, -- VARCHAR: Status after waivers.
    totals.subjects -- BIGINT: Number of subjects.
from totals
inner join compliance.controls as controls using (control_id)
inner join staging.stg_snapshots as snapshots using (scope)
inner join policy.settings using (scope)
where totals.subjects > 0
