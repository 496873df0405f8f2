-- One row per count of results in a snapshot that was judged, the newest included: its weight in
-- scores, and the weight that counts as passed. not_applicable has no weight.
-- kind: view
with counts as (
    select * from history.result_counts
    union all
    select * from intermediate.int_result_counts
),

weights as (
    select distinct severity, weight from policy.severities
)

select
    counts.scope,
    counts.snapshot_id,
    counts.as_of,
    counts.control_id,
    severity,
    counts.subject_type,
    counts.tier,
    counts.project_id,
    status, -- VARCHAR: Status after waivers.
    subjects, -- BIGINT: Number of subjects.
    -- BIGINT: Total weight of these subjects.
    case when status <> 'not_applicable' then weight * subjects else 0 end as weight,
    -- BIGINT: Weight that passes. Unknown and waived do not.
    case when status = 'pass' then weight * subjects else 0 end as strict_weight,
    -- BIGINT: The same, but waived results count as passes.
    case when status in ('pass', 'waived') then weight * subjects else 0 end as passed_weight
from counts
inner join weights using (severity)
