-- One row per scope: backups added and removed with its newest complete snapshot, and how its
-- results changed.
with backups as (
    select
        scope,
        count(*) filter (where lives.first_seen = snapshots.as_of) as added,
        count(*) filter (where lives.gone_at = snapshots.as_of) as removed
    from staging.stg_snapshots as snapshots
    inner join history.backup_lifecycle as lives using (scope)
    group by scope
),

results as (
    select
        scope,
        count(*) filter (where to_status = 'fail') as new_failures,
        count(*) filter (where from_status = 'fail' and to_status = 'pass') as resolved
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
    coalesce(backups.added, 0) as added,
    coalesce(backups.removed, 0) as removed,
    coalesce(results.new_failures, 0) as new_failures,
    coalesce(results.resolved, 0) as resolved,
    totals.fails,
    totals.unknowns
from staging.stg_snapshots as snapshots
left join backups using (scope)
left join results using (scope)
left join totals using (scope)
