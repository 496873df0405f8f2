-- One row a day (UTC), scope, project, tier and type of resource: how many are protected, and how well, by the last
-- snapshot of the day.
-- kind: view
with counts as (
    select scope, snapshot_id, as_of, control_id, severity, subject_type, tier, project_id, status, subjects
    from history.result_counts
    union all
    select scope, snapshot_id, as_of, control_id, severity, subject_type, tier, project_id, status, subjects
    from intermediate.int_result_counts
),

controls as (
    select * from compliance.controls where subject_kind = 'resource'
),

weights as (
    select distinct severity, weight from policy.severities
),

last_of_day as (
    select scope, cast(as_of as date) as day_of, max(as_of) as as_of
    from counts
    group by scope, cast(as_of as date)
),

weighed as (
    select
        cast(l.day_of as varchar) as day,
        c.*,
        w.weight
    from counts as c
    inner join last_of_day as l on c.scope = l.scope and c.as_of = l.as_of
    inner join controls as r on c.control_id = r.control_id
    inner join weights as w on c.severity = w.severity
    where c.status <> 'not_applicable'
)

select
    day, -- VARCHAR: The day, as YYYY-MM-DD.
    scope,
    snapshot_id,
    project_id,
    tier,
    subject_type,
    coalesce(sum(subjects) filter (where control_id = 'resource-recent-recovery-point'), 0) as in_scope, -- BIGINT: Resources that must have a recent recovery point.
    coalesce(sum(subjects) filter (where control_id = 'resource-recent-recovery-point' and status = 'pass'), 0) as protected, -- BIGINT: Those that have one.
    100.0 * (
        cast(coalesce(sum(subjects) filter (where control_id = 'resource-recent-recovery-point' and status = 'pass'), 0) as double)
        / nullif(sum(subjects) filter (where control_id = 'resource-recent-recovery-point'), 0)
    ) as coverage_percent, -- DOUBLE: Their share.
    coalesce(sum(subjects) filter (where status = 'fail' and severity = 'critical'), 0) as critical_fails, -- BIGINT: Critical failures.
    coalesce(sum(subjects) filter (where status = 'fail' and severity = 'high'), 0) as high_fails, -- BIGINT: High ones.
    coalesce(sum(subjects) filter (where status = 'fail' and severity = 'medium'), 0) as medium_fails, -- BIGINT: Medium ones.
    coalesce(sum(subjects) filter (where status = 'fail' and severity = 'low'), 0) as low_fails, -- BIGINT: Low ones.
    100.0 * (
        cast(coalesce(sum(weight * subjects) filter (where status = 'pass'), 0) as double)
        / nullif(sum(weight * subjects), 0)
    ) as strict_score, -- DOUBLE: Share of what applies that passes, by weight; unknown and waived count as failures.
    100.0 * (
        cast(coalesce(sum(weight * subjects) filter (where status in ('pass', 'waived')), 0) as double)
        / nullif(sum(weight * subjects), 0)
    ) as score -- DOUBLE: The same where what is waived counts as a pass.
from weighed
group by day, scope, snapshot_id, project_id, tier, subject_type
