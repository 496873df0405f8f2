-- One row a copy of a recovery point: told of by a record of the source, or seen where it is, or both. Where it is seen
-- decides; a place that was not read lately shows nothing of today.
with points as (
    select * from intermediate.int_recovery_points
),

records as (
    select
        *,
        coalesce(destination_backup_id, 'copy of record ' || record_id) as copy_id
    from intermediate.int_replications
    where status = 'success'
),

origins as (
    select * from staging.stg_replications
),

places as (
    -- Every place that is read whole.
    select scope, snapshot_id, project_id, region, as_of from staging.stg_snapshots
),

scopes as (
    select scope, is_stale from staging.stg_scopes
),

complete as (
    select * from controls.server_backup_complete
),

seen as (
    select
        points.backup_id as copy_id,
        points.scope,
        points.snapshot_id,
        points.as_of,
        points.resource_id,
        points.project_id,
        points.region,
        points.rp_time,
        points.created_at,
        points.expired_at,
        points.is_usable,
        points.is_dependable is null as is_unreadable,
        scopes.is_stale,
        complete.status <> 'fail' as is_sound,
        complete.status = 'pass' as is_whole,
        row_number() over (partition by points.backup_id order by points.as_of desc, points.scope) as place
    from points
    inner join scopes on points.scope = scopes.scope
    inner join complete
        on points.scope = complete.scope
        and points.snapshot_id = complete.snapshot_id
        and points.backup_id = complete.subject_id
    where points.is_replica
),

copies_seen as (
    select * from seen where place = 1
),

homes as (
    -- Where what is seen as a copy was made: the place that its record names, else where its source is seen.
    select distinct
        copies_seen.copy_id,
        origins.source_backup_id,
        coalesce(origins.source_region, places.region) as source_region,
        places.scope,
        places.snapshot_id
    from copies_seen
    inner join origins
        on copies_seen.scope = origins.scope
        and copies_seen.snapshot_id = origins.snapshot_id
        and copies_seen.copy_id = origins.destination_backup_id
    inner join places
        on origins.source_project_id = places.project_id
        and (origins.source_region = places.region or origins.source_region is null or places.region is null)
    union
    select distinct
        copies_seen.copy_id,
        origins.source_backup_id,
        coalesce(origins.source_region, points.region) as source_region,
        points.scope,
        points.snapshot_id
    from copies_seen
    inner join origins
        on copies_seen.scope = origins.scope
        and copies_seen.snapshot_id = origins.snapshot_id
        and copies_seen.copy_id = origins.destination_backup_id
    inner join points on origins.source_backup_id = points.backup_id and not points.is_replica
),

sightings as (
    select
        homes.scope,
        homes.snapshot_id,
        homes.copy_id,
        copies_seen.resource_id,
        homes.source_backup_id,
        homes.source_region,
        copies_seen.rp_time
    from homes
    inner join copies_seen on homes.copy_id = copies_seen.copy_id
),

ranked as (
    select
        points.scope,
        points.snapshot_id,
        points.resource_id,
        points.backup_id as source_backup_id,
        points.rp_time,
        coalesce(records.source_region, points.region) as source_region,
        records.copy_id,
        records.destination_backup_id,
        records.destination_project_id,
        records.destination_region,
        records.told_since,
        row_number() over (
            partition by records.scope, records.snapshot_id, records.backup_id, records.copy_id
            order by records.created_at desc nulls last, records.record_id desc
        ) as place
    from records
    inner join points
        on records.scope = points.scope
        and records.snapshot_id = points.snapshot_id
        and records.backup_id = points.backup_id
        and not points.is_replica
),

recorded as (
    select * from ranked where place = 1
),

combined as (
    select
        coalesce(recorded.scope, sightings.scope) as scope,
        coalesce(recorded.snapshot_id, sightings.snapshot_id) as snapshot_id,
        coalesce(recorded.resource_id, sightings.resource_id) as resource_id,
        coalesce(recorded.source_backup_id, sightings.source_backup_id) as source_backup_id,
        coalesce(recorded.copy_id, sightings.copy_id) as copy_id,
        coalesce(recorded.rp_time, sightings.rp_time) as rp_time,
        coalesce(recorded.source_region, sightings.source_region) as source_region,
        recorded.scope is not null as is_recorded,
        recorded.destination_backup_id,
        recorded.destination_project_id,
        recorded.destination_region,
        recorded.told_since
    from recorded
    full outer join sightings
        on recorded.scope = sightings.scope
        and recorded.snapshot_id = sightings.snapshot_id
        and recorded.source_backup_id = sightings.source_backup_id
        and recorded.copy_id = sightings.copy_id
),

read_since as (
    -- The destination was read after the record was first told of as a success: the copy has to be there.
    select
        recorded.scope,
        recorded.snapshot_id,
        recorded.source_backup_id,
        recorded.copy_id,
        bool_or(places.as_of >= recorded.told_since) as is_read_since
    from recorded
    inner join places
        on recorded.destination_project_id = places.project_id
        and (recorded.destination_region = places.region or places.region is null)
    where recorded.destination_backup_id is not null
    group by recorded.scope, recorded.snapshot_id, recorded.source_backup_id, recorded.copy_id
)

select
    combined.scope,
    combined.snapshot_id,
    combined.resource_id, -- VARCHAR: Id of the resource.
    combined.source_backup_id, -- VARCHAR: Backup that is copied.
    combined.rp_time,
    combined.source_region, -- VARCHAR: Its region.
    coalesce(copies_seen.copy_id, combined.destination_backup_id) as destination_backup_id, -- VARCHAR: The copy; null where the record does not name it.
    coalesce(copies_seen.project_id, combined.destination_project_id) as destination_project_id, -- VARCHAR: Its project.
    coalesce(copies_seen.region, combined.destination_region) as destination_region, -- VARCHAR: Its region: where it is seen, else where it is said to be.
    coalesce(copies_seen.region, combined.destination_region) <> combined.source_region as is_offsite, -- BOOLEAN: It is in another region; null where one of the two is not said.
    combined.is_recorded, -- BOOLEAN: A record of the source tells of it.
    copies_seen.created_at as copied_at, -- TIMESTAMP: When the copy was made, where it was seen.
    case
        when copies_seen.copy_id is null and read_since.is_read_since then 'lost'
        when copies_seen.copy_id is null then 'claimed'
        when not copies_seen.is_usable or not copies_seen.is_sound then 'lost'
        when copies_seen.expired_at <= copies_seen.as_of or copies_seen.expired_at <= places.as_of then 'lost'
        when copies_seen.is_unreadable or copies_seen.is_stale or not copies_seen.is_whole then 'claimed'
        else 'verified'
    end as state -- VARCHAR: verified: seen where it is lately, whole and dependable; claimed: only told of, or not seen whole lately; lost: not there, or not to be relied on.
from combined
inner join places on combined.scope = places.scope and combined.snapshot_id = places.snapshot_id
left join copies_seen on combined.copy_id = copies_seen.copy_id
left join read_since
    on combined.scope = read_since.scope
    and combined.snapshot_id = read_since.snapshot_id
    and combined.source_backup_id = read_since.source_backup_id
    and combined.copy_id = read_since.copy_id
