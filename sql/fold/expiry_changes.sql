-- One row per recovery point of both snapshots whose expiry is earlier than in any previous
-- snapshot.
with points as (
    select * from fold.points where side = 'now' and is_usable and expired_at is not null
)

select
    points.scope,
    id,
    points.resource_id,
    points.image_type,
    -- TIMESTAMP: First complete snapshot with the earlier expiry.
    snapshots.gone_at as changed_at,
    snapshots.last_seen as seen_at, -- TIMESTAMP: Complete snapshot before changed_at.
    -- TIMESTAMP: Latest expiry that it ever had. Null if it once had none.
    case when not known.was_endless then known.latest_expiry end as old_value,
    points.expired_at as new_value -- TIMESTAMP: Expiry from changed_at on.
from points
inner join was.backups as earlier using (id)
inner join was.backups_open as known using (id)
cross join fold.compared_snapshots as snapshots
where
    (known.was_endless or points.expired_at < known.latest_expiry)
    and (earlier.expired_at is null or points.expired_at < earlier.expired_at)
