-- One row a scope: what came and went with its newest complete snapshot, and how its results
-- changed.
with backups as (
    select
        scope,
        count(*) filter (where lives.first_seen = snapshots.as_of) as came,
        count(*) filter (where lives.gone_at = snapshots.as_of) as went
    from staging.stg_snapshots as snapshots
    inner join history.backup_lifecycle as lives using (scope)
    group by scope
),

results as (
    select
        scope,
        count(*) filter (where to_status = 'fail') as failing,
        count(*) filter (where from_status = 'fail' and to_status = 'pass') as mended
    from compliance.control_result_events
    inner join staging.stg_snapshots using (scope, snapshot_id)
    group by scope
),

totals as (
    select scope, sum(fails) as fails, sum(unknowns) as unknowns
    from compliance.summary
    group by scope
)

select
    scope,
    coalesce(backups.came, 0) as came,
    coalesce(backups.went, 0) as went,
    coalesce(results.failing, 0) as failing,
    coalesce(results.mended, 0) as mended,
    totals.fails,
    totals.unknowns
from staging.stg_snapshots as snapshots
left join backups using (scope)
left join results using (scope)
left join totals using (scope)
