-- One row per day (UTC), scope, project, tier and type of resource: coverage, failures and scores
-- in the last snapshot of the day.
-- kind: view
with last_of_day as (
    select scope, max(as_of) as as_of
    from intermediate.int_weighted_results
    group by scope, cast(as_of as date)
),

results as (
    select
        weighted.*,
        cast(cast(as_of as date) as varchar) as day,
        case
            when control_id = 'resource-recent-recovery-point' then weighted.subjects
        end as resources,
        case when weighted.status = 'fail' then weighted.subjects end as fails
    from intermediate.int_weighted_results as weighted
    inner join last_of_day using (scope, as_of)
    inner join compliance.controls as controls using (control_id)
    where controls.subject_kind = 'resource' and weighted.status <> 'not_applicable'
)

select
    day, -- VARCHAR: The day, as YYYY-MM-DD.
    scope,
    snapshot_id,
    project_id,
    tier,
    subject_type,
    -- BIGINT: Number of resources that must have a recent recovery point.
    coalesce(sum(resources), 0) as in_scope,
    -- BIGINT: Number of resources that have a recent recovery point.
    coalesce(sum(resources) filter (where status = 'pass'), 0) as protected,
    -- DOUBLE: Share of resources that have a recent recovery point, in percent.
    100.0 * (
        cast(coalesce(sum(resources) filter (where status = 'pass'), 0) as double)
        / nullif(sum(resources), 0)
    ) as coverage_percent,
    -- BIGINT: Number of critical failures.
    coalesce(sum(fails) filter (where severity = 'critical'), 0) as critical_fails,
    -- BIGINT: Number of failures of high severity.
    coalesce(sum(fails) filter (where severity = 'high'), 0) as high_fails,
    -- BIGINT: Number of failures of medium severity.
    coalesce(sum(fails) filter (where severity = 'medium'), 0) as medium_fails,
    -- BIGINT: Number of failures of low severity.
    coalesce(sum(fails) filter (where severity = 'low'), 0) as low_fails,
    -- DOUBLE: Weighted share of applicable results that pass, in percent. Unknown and waived count
    -- as failures.
    100.0 * (cast(sum(strict_weight) as double) / nullif(sum(weight), 0)) as strict_score,
    -- DOUBLE: The same, but waived results count as passes.
    100.0 * (cast(sum(passed_weight) as double) / nullif(sum(weight), 0)) as score
from results
group by day, scope, snapshot_id, project_id, tier, subject_type
