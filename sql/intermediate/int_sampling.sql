-- One row a snapshot that is judged: how far apart the complete snapshots of its scope are, in the window that is counted.
with snapshots as (
    select * from meta.snapshots where complete
),

standing as (
    select * from staging.stg_snapshots
),

settings as (
    select * from policy.settings
),

sightings as (
    select scope, first_seen from history.backups_open
    union all
    select scope, first_seen from history.disappearances
),

firsts as (
    select scope, min(first_seen) as first_seen from sightings group by scope
),

spaced as (
    select
        scope,
        as_of,
        lag(as_of) over (partition by scope order by as_of) as previous_at
    from snapshots
)

select
    n.scope,
    n.snapshot_id,
    max(date_diff('second', date_trunc('second', s.previous_at), date_trunc('second', s.as_of))) as widest_seconds, -- BIGINT: The longest time without a complete snapshot; null where there is one only.
    coalesce(min(f.first_seen) < min(n.as_of), false) as has_history -- BOOLEAN: An earlier complete snapshot had backups, so that a change can be seen.
from standing as n
inner join settings as t on n.scope = t.scope and n.snapshot_id = t.snapshot_id
inner join spaced as s
    on n.scope = s.scope and s.as_of <= n.as_of and s.as_of >= n.as_of - t.gap_window_days * interval '1' day
left join firsts as f on n.scope = f.scope
group by n.scope, n.snapshot_id
