-- One row a server whose newest whole backup is much larger or smaller than usual. It informs, and decides no control:
-- a disk that grew is no fault, and a server that shrank may have been emptied.
-- kind: view
with points as (
    select * from intermediate.int_recovery_points
    where level = 'server' and not is_replica and is_dependable and detail_loaded and rejected_parts = 0
),

disks as (
    select * from staging.stg_children where depth = 1
),

settings as (
    select * from policy.settings
),

sizes as (
    select
        p.scope,
        p.snapshot_id,
        p.resource_id,
        p.resource_name,
        p.backup_id,
        p.rp_time,
        sum(d.resource_size) as total_size
    from points as p
    inner join disks as d on p.scope = d.scope and p.snapshot_id = d.snapshot_id and p.backup_id = d.backup_id
    group by p.scope, p.snapshot_id, p.resource_id, p.resource_name, p.backup_id, p.rp_time
),

ranked as (
    select
        *,
        row_number() over (partition by scope, snapshot_id, resource_id order by rp_time desc, backup_id) as place
    from sizes
),

usual as (
    select
        r.scope,
        r.snapshot_id,
        r.resource_id,
        s.unusual_size_percent,
        count(*) as points,
        median(r.total_size) as usual_size
    from ranked as r
    inner join settings as s on r.scope = s.scope and r.snapshot_id = s.snapshot_id
    where r.place > 1 and r.place <= s.usual_points + 1
    group by r.scope, r.snapshot_id, r.resource_id, s.unusual_size_percent, s.usual_least_points
    having count(*) >= s.usual_least_points
),

compared as (
    select
        n.*,
        u.points,
        u.usual_size,
        u.unusual_size_percent,
        cast((n.total_size - u.usual_size) * 100 as double) / nullif(u.usual_size, 0.0) as change_percent
    from ranked as n
    inner join usual as u on n.scope = u.scope and n.snapshot_id = u.snapshot_id and n.resource_id = u.resource_id
    where n.place = 1
)

select
    scope,
    snapshot_id,
    resource_id,
    resource_name,
    backup_id,
    rp_time,
    total_size, -- BIGINT: What the disks in the newest whole backup add up to, in GB.
    usual_size, -- DOUBLE: The median of the backups before it, in GB.
    change_percent, -- DOUBLE: By how much it differs from that, in %; negative where it is smaller.
    points -- BIGINT: How many backups tell what is usual.
from compared
where abs(change_percent) > unusual_size_percent
