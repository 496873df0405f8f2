-- One row per copy of a recovery point: named by a replication record, seen in its own scope, or
-- both. The scope of the copy is decisive, unless it was not read lately.
with records as (
    select
        *,
        coalesce(destination_backup_id, 'copy of record ' || record_id) as copy_id
    from intermediate.int_replications
    where status = 'success'
),

visible_copies as (
    select
        points.backup_id as copy_id,
        scope,
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
        complete.status = 'pass' as is_whole
    from intermediate.int_recovery_points as points
    inner join staging.stg_scopes as scopes using (scope)
    inner join controls.server_backup_complete as complete
        on points.scope = complete.scope and points.backup_id = complete.subject_id
    where points.is_replica
    qualify row_number() over (
        partition by points.backup_id order by points.as_of desc, points.scope
    ) = 1
),

origins as (
    select
        visible_copies.copy_id,
        visible_copies.resource_id,
        visible_copies.rp_time,
        replications.source_backup_id,
        replications.source_project_id,
        replications.source_region
    from visible_copies
    inner join staging.stg_replications as replications
        on visible_copies.scope = replications.scope
        and visible_copies.copy_id = replications.destination_backup_id
),

sightings as (
    -- Source of a copy: as named by its record, otherwise the scope in which its source was seen.
    select
        places.scope,
        origins.copy_id,
        origins.resource_id,
        origins.source_backup_id,
        coalesce(origins.source_region, places.region) as source_region,
        origins.rp_time
    from origins
    inner join staging.stg_snapshots as places
        on origins.source_project_id = places.project_id
        and (
            origins.source_region = places.region
            or origins.source_region is null
            or places.region is null
        )
    union
    select
        points.scope,
        origins.copy_id,
        origins.resource_id,
        origins.source_backup_id,
        coalesce(origins.source_region, points.region) as source_region,
        origins.rp_time
    from origins
    inner join intermediate.int_recovery_points as points
        on origins.source_backup_id = points.backup_id and not points.is_replica
),

recorded_copies as (
    select
        scope,
        points.resource_id,
        backup_id as source_backup_id,
        points.rp_time,
        coalesce(records.source_region, points.region) as source_region,
        records.copy_id,
        records.destination_backup_id,
        records.destination_project_id,
        records.destination_region,
        records.told_since
    from records
    inner join intermediate.int_recovery_points as points using (scope, backup_id)
    where not points.is_replica
    qualify row_number() over (
        partition by records.scope, records.backup_id, records.copy_id
        order by records.created_at desc nulls last, records.record_id desc
    ) = 1
),

copies as (
    select
        scope,
        source_backup_id,
        copy_id,
        coalesce(recorded.resource_id, sightings.resource_id) as resource_id,
        coalesce(recorded.rp_time, sightings.rp_time) as rp_time,
        coalesce(recorded.source_region, sightings.source_region) as source_region,
        recorded.resource_id is not null as is_recorded,
        recorded.destination_backup_id,
        recorded.destination_project_id,
        recorded.destination_region
    from recorded_copies as recorded
    full outer join sightings using (scope, source_backup_id, copy_id)
),

later_reads as (
    -- The destination was read after the record first reported success, so the copy must be in it.
    select
        recorded.scope,
        recorded.source_backup_id,
        recorded.copy_id,
        bool_or(places.as_of >= recorded.told_since) as is_read_since
    from recorded_copies as recorded
    inner join staging.stg_snapshots as places
        on recorded.destination_project_id = places.project_id
        and (recorded.destination_region = places.region or places.region is null)
    where recorded.destination_backup_id is not null
    group by recorded.scope, recorded.source_backup_id, recorded.copy_id
)

select
    copies.scope,
    places.snapshot_id,
    copies.resource_id, -- VARCHAR: ID of the resource.
    copies.source_backup_id, -- VARCHAR: ID of the source backup.
    copies.rp_time,
    copies.source_region, -- VARCHAR: Source region.
    coalesce(visible_copies.copy_id, copies.destination_backup_id)
        as destination_backup_id, -- VARCHAR: ID of the copy. Null if the record does not name it.
    visible_copies.scope as destination_scope, -- VARCHAR: Scope in which the copy was seen.
    coalesce(visible_copies.project_id, copies.destination_project_id)
        as destination_project_id, -- VARCHAR: ID of the destination project.
    coalesce(visible_copies.region, copies.destination_region)
        as destination_region, -- VARCHAR: Destination region, as seen or as recorded.
    coalesce(visible_copies.region, copies.destination_region) <> copies.source_region
        as is_offsite, -- BOOLEAN: Whether it is in another region. Null if either is unknown.
    copies.is_recorded, -- BOOLEAN: Whether a replication record of the source names the copy.
    visible_copies.created_at as copied_at, -- TIMESTAMP: When the copy was made, if it was seen.
    -- A copy that was seen lately, complete and dependable, is verified; a copy that was not seen
    -- is claimed.
    case
        when visible_copies.copy_id is null and later_reads.is_read_since then 'lost'
        when visible_copies.copy_id is null then 'claimed'
        when not visible_copies.is_usable or not visible_copies.is_sound then 'lost'
        when visible_copies.expired_at <= visible_copies.as_of
            or visible_copies.expired_at <= places.as_of
            then 'lost'
        when visible_copies.is_unreadable or visible_copies.is_stale or not visible_copies.is_whole
            then 'claimed'
        else 'verified'
    end as state -- VARCHAR: verified, claimed, or lost: missing, or not dependable.
from copies
inner join staging.stg_snapshots as places on copies.scope = places.scope
left join visible_copies on copies.copy_id = visible_copies.copy_id
left join later_reads
    on copies.scope = later_reads.scope
    and copies.source_backup_id = later_reads.source_backup_id
    and copies.copy_id = later_reads.copy_id
