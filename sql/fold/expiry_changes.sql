-- One row a recovery point of both snapshots whose expiry came nearer than any snapshot before had it.
with points as (
    select * from fold.points where side = 'now' and is_usable and expired_at is not null
),

before as (
    select id, expired_at from was.backups
),

since as (
    select id, latest_expiry, was_endless from was.backups_open
),

places as (
    select * from fold.places
)

select
    p.scope,
    p.id,
    p.resource_id,
    p.image_type,
    s.gone_at as changed_at, -- TIMESTAMP: The first complete snapshot that has the nearer expiry.
    s.last_seen as seen_at, -- TIMESTAMP: The complete snapshot before.
    case when not o.was_endless then o.latest_expiry end as old_value, -- TIMESTAMP: The latest expiry that it ever had; null where it once had none.
    p.expired_at as new_value -- TIMESTAMP: Its expiry since.
from points as p
inner join before as b on p.id = b.id
inner join since as o on p.id = o.id
cross join places as s
where (o.was_endless or p.expired_at < o.latest_expiry) and (b.expired_at is null or p.expired_at < b.expired_at)
