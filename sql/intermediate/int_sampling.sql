-- One row per scope that is judged: the largest time between its complete snapshots in the window.
with sightings as (
    select scope, first_seen from history.backups_open
    union all
    select scope, first_seen from history.disappearances
),

first_sightings as (
    select scope, min(first_seen) as first_seen from sightings group by scope
),

spaced_snapshots as (
    select
        scope,
        as_of,
        lag(as_of) over (partition by scope order by as_of) as previous_at
    from meta.snapshots
    where complete
)

select
    scope,
    judged.snapshot_id,
    max(
        date_diff(
            'second', date_trunc('second', spaced.previous_at), date_trunc('second', spaced.as_of)
        )
    ) as widest_seconds, -- BIGINT: Longest time between complete snapshots. Null if only one.
    coalesce(min(first_sightings.first_seen) < min(judged.as_of), false)
        as has_history -- BOOLEAN: Whether changes can be detected: an earlier snapshot had backups.
from staging.stg_snapshots as judged
inner join policy.settings using (scope)
inner join spaced_snapshots as spaced using (scope)
left join first_sightings using (scope)
where spaced.as_of <= judged.as_of
    and spaced.as_of >= judged.as_of - settings.gap_window_days * interval '1' day
group by scope, judged.snapshot_id
