-- One row a copy of a recovery point: told of by a record of the source, or seen where it is, or both.
with points as (
    select * from intermediate.int_recovery_points
),

records as (
    select * from intermediate.int_replications where status = 'success' and destination_backup_id is not null
),

origins as (
    select * from staging.stg_replications
),

places as (
    -- Every place that is read whole.
    select scope, project_id, region, as_of from staging.stg_snapshots
),

told as (
    select
        p.scope,
        p.snapshot_id,
        p.resource_id,
        p.backup_id as source_backup_id,
        p.rp_time,
        coalesce(r.source_region, p.region) as source_region,
        r.destination_backup_id,
        r.destination_project_id,
        r.destination_region,
        r.told_since
    from records as r
    inner join points as p
        on r.scope = p.scope and r.snapshot_id = p.snapshot_id and r.backup_id = p.backup_id and not p.is_replica
    union all
    select
        p.scope,
        p.snapshot_id,
        p.resource_id,
        p.backup_id as source_backup_id,
        p.rp_time,
        coalesce(o.source_region, p.region) as source_region,
        c.backup_id as destination_backup_id,
        c.project_id as destination_project_id,
        c.region as destination_region,
        cast(null as timestamp) as told_since
    from origins as o
    inner join points as c
        on o.scope = c.scope
        and o.snapshot_id = c.snapshot_id
        and o.destination_backup_id = c.backup_id
        and c.is_replica
    inner join points as p on o.source_backup_id = p.backup_id and not p.is_replica
),

copies as (
    select
        scope,
        snapshot_id,
        resource_id,
        source_backup_id,
        destination_backup_id,
        max(rp_time) as rp_time,
        max(source_region) as source_region,
        max(destination_project_id) as destination_project_id,
        max(destination_region) as destination_region,
        min(told_since) as told_since
    from told
    group by scope, snapshot_id, resource_id, source_backup_id, destination_backup_id
),

seen as (
    select
        backup_id,
        bool_or(is_dependable) as is_dependable,
        bool_or(is_dependable is null) as is_unreadable,
        min(as_of) as seen_at,
        min(created_at) as copied_at
    from points
    where is_replica
    group by backup_id
),

read_since as (
    -- The destination was read after the record was first told of as a success: the copy has to be there.
    select
        c.scope,
        c.snapshot_id,
        c.source_backup_id,
        c.destination_backup_id,
        bool_or(p.as_of >= c.told_since) as is_read_since
    from copies as c
    inner join places as p
        on c.destination_project_id = p.project_id and (c.destination_region = p.region or p.region is null)
    group by c.scope, c.snapshot_id, c.source_backup_id, c.destination_backup_id
)

select
    c.scope,
    c.snapshot_id,
    c.resource_id, -- VARCHAR: Id of the resource.
    c.source_backup_id, -- VARCHAR: Backup that is copied.
    c.rp_time,
    c.source_region, -- VARCHAR: Its region.
    c.destination_backup_id, -- VARCHAR: The copy.
    c.destination_project_id, -- VARCHAR: Its project.
    c.destination_region, -- VARCHAR: Its region.
    c.destination_region <> c.source_region as is_offsite, -- BOOLEAN: It is in another region; null where one of the two is not said.
    s.copied_at, -- TIMESTAMP: When the copy was made, where it was seen.
    case
        when s.is_dependable then 'verified'
        when s.is_unreadable then 'claimed'
        when s.backup_id is not null then 'lost'
        when r.is_read_since then 'lost'
        else 'claimed'
    end as state -- VARCHAR: verified: seen where it is, and dependable; claimed: only told of; lost: told of, and not there or not dependable.
from copies as c
left join seen as s on c.destination_backup_id = s.backup_id
left join read_since as r
    on c.scope = r.scope
    and c.snapshot_id = r.snapshot_id
    and c.source_backup_id = r.source_backup_id
    and c.destination_backup_id = r.destination_backup_id
