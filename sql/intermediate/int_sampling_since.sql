-- One row per complete snapshot of the window: the largest time between snapshots from then on. It
-- applies to resources that were first seen in that snapshot.
with window_snapshots as (
    select
        judged.scope,
        judged.snapshot_id,
        snapshots.as_of,
        lead(snapshots.as_of) over (partition by judged.scope order by snapshots.as_of) as next_at
    from staging.stg_snapshots as judged
    inner join policy.settings using (scope)
    inner join meta.snapshots as snapshots using (scope)
    where snapshots.complete
        and snapshots.as_of <= judged.as_of
        and snapshots.as_of >= judged.as_of - settings.gap_window_days * interval '1' day
)

select
    scope,
    snapshot_id, -- VARCHAR: Snapshot that is judged.
    as_of, -- TIMESTAMP: When reading of the earlier snapshot began.
    max(date_diff('second', date_trunc('second', as_of), date_trunc('second', next_at))) over (
        partition by scope order by as_of desc rows between unbounded preceding and current row
    ) as widest_seconds -- BIGINT: Longest time between snapshots since. Null for the newest.
from window_snapshots
