-- One row per complete snapshot of the window: how far apart those after it are, which is all that a
-- resource that it has first was ever read by.
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
    snapshot_id, -- VARCHAR: The snapshot that is judged.
    as_of, -- TIMESTAMP: When the snapshot began.
    max(date_diff('second', date_trunc('second', as_of), date_trunc('second', next_at))) over (
        partition by scope order by as_of desc rows between unbounded preceding and current row
    ) as widest_seconds -- BIGINT: The longest time without one since; null for the newest.
from window_snapshots
