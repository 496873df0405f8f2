-- One row a complete snapshot of the window: how far apart those after it are, which is all that a resource that it has
-- first was ever read by.
with snapshots as (
    select * from meta.snapshots where complete
),

judged as (
    select * from staging.stg_snapshots
),

settings as (
    select * from policy.settings
),

spaced as (
    select
        judged.scope,
        judged.snapshot_id,
        snapshots.as_of,
        lead(snapshots.as_of) over (
            partition by judged.scope, judged.snapshot_id order by snapshots.as_of
        ) as next_at
    from judged
    inner join settings on judged.scope = settings.scope and judged.snapshot_id = settings.snapshot_id
    inner join snapshots
        on judged.scope = snapshots.scope
        and snapshots.as_of <= judged.as_of
        and snapshots.as_of >= judged.as_of - settings.gap_window_days * interval '1' day
)

select
    scope,
    snapshot_id,
    as_of, -- TIMESTAMP: When the snapshot began.
    max(date_diff('second', date_trunc('second', as_of), date_trunc('second', next_at))) over (
        partition by scope, snapshot_id order by as_of desc
        rows between unbounded preceding and current row
    ) as widest_seconds -- BIGINT: The longest time without a complete snapshot since; null for the newest.
from spaced
