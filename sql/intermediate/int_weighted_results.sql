-- One row per count of results of a snapshot that was judged, the newest included: what it weighs in
-- scores, and how much of that counts as a pass. What does not apply weighs nothing.
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
    status, -- VARCHAR: The status after waivers.
    subjects, -- BIGINT: Subjects that have it.
    -- BIGINT: What they weigh together.
    case when status <> 'not_applicable' then weight * subjects else 0 end as weight,
    -- BIGINT: What passes of that; what is unknown or waived does not.
    case when status = 'pass' then weight * subjects else 0 end as strict_weight,
    -- BIGINT: The same where what is waived counts as a pass.
    case when status in ('pass', 'waived') then weight * subjects else 0 end as passed_weight
from counts
inner join weights using (severity)
