-- One row a recovery point: a top-level backup, what state it is in, and what moment it brings back.
with backups as (
    select * from staging.stg_backups where not is_part
),

settings as (
    select * from policy.settings
),

timed as (
    -- The time of capture where it is believable, else of creation.
    select
        b.*,
        s.clock_skew_seconds,
        b.detail_loaded
        and b.detail_read_at >= b.as_of - s.max_detail_age_hours * interval '1' hour - interval '1' minute
            as has_details,
        case
            when b.protected_at >= b.created_at - s.clock_skew_seconds * interval '1' second
                and b.protected_at
                    <= coalesce(b.updated_at, b.as_of) + s.clock_skew_seconds * interval '1' second
                then b.protected_at
            else b.created_at
        end as own_time
    from backups as b
    inner join settings as s on b.scope = s.scope and b.snapshot_id = s.snapshot_id
),

gone as (
    select
        d.id as backup_id,
        max(
            case
                when d.protected_at >= d.created_at - s.clock_skew_seconds * interval '1' second
                    and d.protected_at
                        <= coalesce(d.updated_at, d.last_seen) + s.clock_skew_seconds * interval '1' second
                    then d.protected_at
                else d.created_at
            end
        ) as own_time
    from history.disappearances as d
    inner join settings as s on d.scope = s.scope
    inner join staging.stg_replications as r on d.id = r.source_backup_id
    where d.image_type = 'backup'
    group by d.id
),

sources as (
    -- A copy brings back the moment of what was copied, whichever scope holds that, or held it.
    select
        r.destination_backup_id as backup_id,
        coalesce(max(t.own_time), max(g.own_time)) as source_time
    from staging.stg_replications as r
    left join timed as t on r.source_backup_id = t.backup_id and not t.is_replica
    left join gone as g on r.source_backup_id = g.backup_id
    group by r.destination_backup_id
),

since as (
    select * from history.backups_open
),

stated as (
    select
        t.*,
        case when t.is_replica then coalesce(s.source_time, t.own_time) else t.own_time end as rp_time,
        t.is_replica and s.source_time is null as rp_time_is_copy_time,
        h.first_seen,
        h.state_since,
        h.was_usable,
        h.dependable_until,
        case
            when t.status in ('available', 'restoring', 'waiting_restore') then 'usable'
            when t.status in ('protecting', 'waiting_protect') then 'in_flight'
            when t.status in ('deleting', 'waiting_delete') then 'going'
            when t.status = 'error' then 'failed'
            else 'unknown'
        end as state
    from timed as t
    left join sources as s on t.backup_id = s.backup_id
    left join since as h on t.scope = h.scope and t.backup_id = h.id
)

select
    scope,
    snapshot_id,
    as_of,
    region,
    project_id,
    enterprise_project_id,
    vault_id,
    backup_id,
    backup_name,
    resource_id, -- VARCHAR: Id of the resource.
    resource_name,
    resource_type,
    resource_size,
    case resource_type
        when 'OS::Nova::Server' then 'server'
        when 'OS::Cinder::Volume' then 'volume'
        when 'OS::Sfs::Turbo' then 'turbo'
        when 'OS::Ironic::BareMetalServer' then 'other'
        when 'OS::Native::Server' then 'other'
        when 'OS::Workspace::DesktopV2' then 'other'
        else 'unknown'
    end as level, -- VARCHAR: Kind of resource: server, volume, turbo, other, or unknown where its type is no documented one.
    status,
    state, -- VARCHAR: usable (restore works, or is running), in_flight, going, failed, or unknown.
    state = 'usable' as is_usable, -- BOOLEAN: Complete at the service, so that it can be restored from.
    case
        when state <> 'usable' then false
        when not is_expiry_unreadable then expired_at is null or expired_at > as_of
    end as is_dependable, -- BOOLEAN: Usable, and not due to be purged; null where its expiry can't be read.
    is_replica,
    is_auto,
    created_at,
    protected_at,
    updated_at,
    expired_at,
    rp_time, -- TIMESTAMP: The moment that it brings back.
    rp_time_is_copy_time, -- BOOLEAN: A copy whose source is not known, so that rp_time is when it was copied.
    coalesce(rp_time > as_of + clock_skew_seconds * interval '1' second, false) as is_future, -- BOOLEAN: Later than the reading.
    case
        when is_expiry_unreadable then 'unreadable'
        when expired_at is not null then 'dated'
        when is_auto then 'count_or_permanent'
        when not is_auto then 'manual_kept'
        else 'undetermined'
    end as retention_kind, -- VARCHAR: dated, manual_kept, count_or_permanent, unreadable, or undetermined.
    first_seen, -- TIMESTAMP: The first complete snapshot that has it, since it was last away.
    state_since, -- TIMESTAMP: The first complete snapshot since which it has been in its state without a break.
    coalesce(was_usable, false) as was_usable, -- BOOLEAN: A complete snapshot has it in a state to be restored from.
    dependable_until, -- TIMESTAMP: When it expired, or the first complete snapshot in which it can't be restored from; null while it can.
    checkpoint_id,
    coalesce(has_details, false) as detail_loaded, -- BOOLEAN: ShowBackup was read lately and sent a list of children.
    detail_read_at,
    replication_loaded,
    rejected_parts,
    encrypted,
    contain_system_disk,
    supported_restore_mode,
    is_incremental,
    is_held_by_image,
    app_consistency_status,
    app_consistency_error_code,
    app_consistency_error_message
from stated
