-- One row per recovery point: a top-level backup with its state and its capture time.
with dated_points as (
    -- The capture time if it is plausible, otherwise the creation time.
    select
        backups.*,
        coalesce(statuses.state, 'unknown') as state,
        settings.clock_skew_seconds,
        backups.detail_loaded
        and backups.detail_read_at
            >= backups.as_of
            - settings.max_detail_age_hours * interval '1' hour
            - interval '1' minute as has_details,
        case
            when backups.protected_at
                >= backups.created_at - settings.clock_skew_seconds * interval '1' second
                and backups.protected_at
                    <= coalesce(backups.updated_at, backups.as_of)
                    + settings.clock_skew_seconds * interval '1' second
                then backups.protected_at
            else backups.created_at
        end as own_time
    from staging.stg_backups as backups
    inner join policy.settings using (scope)
    left join staging.stg_statuses as statuses using (status)
    where not backups.is_part
),

lost_sources as (
    select
        lost.id as source_backup_id,
        max(
            case
                when lost.protected_at
                    >= lost.created_at - settings.clock_skew_seconds * interval '1' second
                    and lost.protected_at
                        <= coalesce(lost.updated_at, lost.last_seen)
                        + settings.clock_skew_seconds * interval '1' second
                    then lost.protected_at
                else lost.created_at
            end
        ) as own_time
    from history.disappearances as lost
    inner join policy.settings using (scope)
    inner join staging.stg_replications as replications on lost.id = replications.source_backup_id
    where lost.image_type = 'backup'
    group by lost.id
),

sources as (
    -- The capture time of a copy is that of its source, in whichever scope the source is or was.
    select
        replications.destination_backup_id as backup_id,
        coalesce(max(points.own_time), max(lost_sources.own_time)) as source_time
    from staging.stg_replications as replications
    left join dated_points as points
        on replications.source_backup_id = points.backup_id and not points.is_replica
    left join lost_sources on replications.source_backup_id = lost_sources.source_backup_id
    group by replications.destination_backup_id
),

points as (
    select
        dated_points.*,
        case
            when dated_points.is_replica then coalesce(sources.source_time, dated_points.own_time)
            else dated_points.own_time
        end as rp_time,
        dated_points.is_replica and sources.source_time is null as rp_time_is_copy_time
    from dated_points
    left join sources using (backup_id)
)

select
    points.scope,
    points.snapshot_id,
    points.as_of,
    points.region,
    points.project_id,
    points.enterprise_project_id,
    points.vault_id,
    points.backup_id,
    points.backup_name,
    points.resource_id, -- VARCHAR: ID of the resource.
    points.resource_name,
    points.resource_type, -- VARCHAR: Type of the resource.
    points.resource_size,
    coalesce(resource_types.level, 'unknown')
        as level, -- VARCHAR: Kind of resource: server, volume, turbo, other or unknown.
    points.status, -- VARCHAR: Status of the backup.
    points.state, -- VARCHAR: State of the backup: usable, in_flight, going, failed or unknown.
    points.state = 'usable'
        as is_usable, -- BOOLEAN: Whether a restore can start from it.
    case
        when points.state <> 'usable' then false
        when not points.is_expiry_unreadable
            then points.expired_at is null or points.expired_at > points.as_of
    end as is_dependable, -- BOOLEAN: Whether it is usable and has not expired. Null if unknown.
    points.is_replica,
    points.is_auto,
    points.created_at,
    points.protected_at,
    points.updated_at,
    points.expired_at,
    points.rp_time, -- TIMESTAMP: When its data was captured.
    -- BOOLEAN: Whether rp_time is the time of the copy, because its source is unknown.
    points.rp_time_is_copy_time,
    coalesce(points.rp_time > points.as_of + points.clock_skew_seconds * interval '1' second, false)
        as is_future, -- BOOLEAN: Whether it is dated after as_of.
    case
        when points.is_expiry_unreadable then 'unreadable'
        when points.expired_at is not null then 'dated'
        when points.is_auto then 'count_or_permanent'
        when not points.is_auto then 'manual_kept'
        else 'undetermined'
    end as retention_kind, -- VARCHAR: Kind of retention, as far as it is known.
    since.first_seen, -- TIMESTAMP: First complete snapshot with it, since its last absence.
    since.state_since,
    coalesce(since.was_usable, false)
        as was_usable, -- BOOLEAN: Whether it was usable in any complete snapshot.
    since.dependable_until,
    points.checkpoint_id,
    coalesce(points.has_details, false)
        as detail_loaded, -- BOOLEAN: Whether its details were read lately, with a list of children.
    points.detail_read_at,
    points.replication_loaded,
    points.rejected_parts,
    points.encrypted,
    points.contain_system_disk,
    points.supported_restore_mode,
    points.is_incremental,
    points.is_held_by_image,
    points.app_consistency_status,
    points.app_consistency_error_code,
    points.app_consistency_error_message
from points
left join staging.stg_resource_types as resource_types using (resource_type)
left join history.backups_open as since
    on points.scope = since.scope and points.backup_id = since.id
