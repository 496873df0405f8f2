-- One row per scope and snapshot, the oldest first: scores in percent over all controls. Scores of
-- resources by day, project and tier are in compliance.protection_trend_daily.
select
    scope,
    results.as_of,
    snapshots.scope is not null as is_current,
    100.0 * sum(results.strict_weight) / nullif(sum(results.weight), 0) as strict_score,
    100.0 * sum(results.passed_weight) / nullif(sum(results.weight), 0) as score,
    sum(results.subjects) filter (where results.status = 'fail') as fails,
    sum(results.subjects) filter (where results.status = 'unknown') as unknowns,
    sum(results.subjects) filter (
        where results.status = 'fail' and results.severity = 'critical'
    ) as critical
from intermediate.int_weighted_results as results
left join staging.stg_snapshots as snapshots using (scope, snapshot_id)
group by all
order by scope, results.as_of
