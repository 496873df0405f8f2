-- One row per recovery point: does a server backup contain every part that a restore needs?
-- id: server-backup-complete
-- title: Each dependable server backup has all its disks, usable and from the same moment
-- severity: high
-- version: 2
-- subject: recovery_point
-- worse: lower
-- parameters: size_check, look_back_days
-- remedy: Back up the server again, and find out which disk fails or is not in the vault.
-- reasons:
--   complete: pass: It contains all {disks} disks.
--   complete_disk_moved: pass: It contains all {disks} disks; a later backup of another server
--     contains {moved_disks}.
--   complete_size_differs: pass: It contains all {disks} disks, but their total is {total_size} GB
--     and the server has {resource_size} GB: check whether a disk is missing.
--   child_unusable: fail: {unusable} of {disks} disks cannot be restored: {unusable_disks}.
--   child_expired: fail: {expired} of {disks} disks have expired and may be purged at any moment:
--     {unusable_disks}.
--   no_children: fail: It contains no disks.
--   checkpoint_differs: fail: {other_checkpoint} of {disks} disks belong to another restore point.
--   no_system_disk: fail: It does not contain the system disk.
--   disk_dropped: fail: It lacks disks that an earlier backup of the server contains:
--     {dropped_disks}.
--   size_differs: fail: The total of its disks is {total_size} GB, but the server has
--     {resource_size} GB.
--   children_not_loaded: unknown: Its details are unread or too old, so the state of its disks is
--     unknown.
--   part_not_loaded: unknown: {rejected_parts} of its records were rejected, so its content is not
--     fully known.
--   child_status_not_known: unknown: A disk has an undocumented status.
--   checkpoint_not_said: unknown: The service does not report the restore point of every disk.
--   system_disk_not_said: unknown: The service does not report whether it contains the system disk.
--   expiry_not_readable: unknown: Its expiry date cannot be read.
--   type_not_known: unknown: Its resource type is not documented: {resource_type}.
--   status_not_known: unknown: Its status is not documented: {backup_status}.
--   not_a_server: not_applicable: It is not a server backup.
--   not_dependable: not_applicable: It is not dependable, so its parts are not judged.
with disks as (
    select
        scope,
        backup_id,
        children.depth,
        children.resource_size,
        children.is_system_disk,
        coalesce(children.resource_name, children.resource_id) as disk_name,
        children.is_usable,
        children.is_expired,
        children.status is null
        or children.status not in (
            'available',
            'protecting',
            'deleting',
            'restoring',
            'error',
            'waiting_protect',
            'waiting_delete',
            'waiting_restore'
        ) as is_unknown,
        children.checkpoint_id = points.checkpoint_id as is_same_checkpoint
    from intermediate.int_recovery_points as points
    inner join staging.stg_children as children using (scope, backup_id)
),

disk_counts as (
    select
        scope,
        backup_id,
        count(*) as disks,
        count(*) filter (where not is_usable and not is_unknown) as unusable,
        count(*) filter (where is_unknown) as unknown_status,
        count(*) filter (where is_usable and is_expired) as expired,
        count(*) filter (where not is_same_checkpoint) as other_checkpoint,
        count(*) filter (where is_same_checkpoint is null) as no_checkpoint,
        bool_or(is_system_disk) as has_system_disk,
        count(*) filter (where depth = 1 and resource_size is null) as no_size,
        sum(resource_size) filter (where depth = 1) as total_size,
        nullif(
            array_to_string(
                list_sort(
                    array_agg(disk_name)
                        filter (where not is_unknown and (not is_usable or is_expired))
                ),
                ', '
            ),
            ''
        ) as unusable_disks
    from disks
    group by scope, backup_id
),

former_backups as (
    -- A disk in a usable backup belonged to the server, even if the backup has disappeared.
    select scope, lives.backup_id, lives.resource_id, lives.created_at
    from history.backup_lifecycle as lives
    inner join staging.stg_snapshots as snapshots using (scope)
    inner join policy.settings as settings using (scope)
    where lives.was_usable
        and (
            lives.gone_at is null
            or lives.gone_at >= snapshots.as_of - settings.look_back_days * interval '1' day
        )
),

former_disks as (
    select
        *,
        coalesce(nullif(resource_id, ''), 'resource of backup ' || id) as disk_id
    from history.children_closed
    where status in ('available', 'restoring', 'waiting_restore')
),

disk_sightings as (
    select scope, server_id as resource_id, resource_id as disk_id, rp_time
    from intermediate.int_resource_points
    where server_id is not null and state = 'usable'
    union all
    select
        scope,
        former_backups.resource_id,
        former_disks.disk_id,
        former_backups.created_at as rp_time
    from former_backups
    inner join former_disks using (scope, backup_id)
),

server_disks as (
    select
        scope,
        resource_id,
        disk_id,
        min(rp_time) as first_rp_time,
        max(rp_time) as last_rp_time
    from disk_sightings
    group by scope, resource_id, disk_id
),

server_disk_counts as (
    select scope, resource_id, count(*) as disks
    from server_disks
    group by scope, resource_id
),

point_disk_counts as (
    select scope, backup_id, count(*) as disks
    from intermediate.int_resource_points
    where server_id is not null
    group by scope, backup_id
),

uneven_points as (
    -- Points whose disks are all known, so that a missing disk was not backed up. Points with as
    -- many disks as the server ever had need no comparison.
    select scope, resource_id, backup_id, points.rp_time
    from intermediate.int_recovery_points as points
    inner join server_disk_counts using (scope, resource_id)
    left join point_disk_counts using (scope, backup_id)
    where points.level = 'server'
        and points.is_dependable
        and points.detail_loaded
        and points.rejected_parts = 0
        and coalesce(point_disk_counts.disks, 0) < server_disk_counts.disks
),

moved_disks as (
    -- A disk in a later backup of another server was moved to that server.
    select distinct server_disks.scope, server_disks.resource_id, server_disks.disk_id
    from server_disks
    inner join server_disks as later_disks using (scope, disk_id)
    inner join uneven_points
        on server_disks.scope = uneven_points.scope
        and server_disks.resource_id = uneven_points.resource_id
    where server_disks.resource_id <> later_disks.resource_id
        and server_disks.last_rp_time < later_disks.last_rp_time
),

excluded_disks as (
    select scope, resource_id as disk_id
    from intermediate.int_rules
    where exclusion_id is not null
),

missing_disks as (
    -- Disks in an earlier backup of the server that this one lacks.
    select
        uneven_points.scope,
        uneven_points.backup_id,
        server_disks.disk_id,
        moved_disks.disk_id is not null as is_moved
    from uneven_points
    inner join server_disks using (scope, resource_id)
    left join moved_disks using (scope, resource_id, disk_id)
    left join excluded_disks using (scope, disk_id)
    left join staging.stg_children as children
        on uneven_points.scope = children.scope
        and uneven_points.backup_id = children.backup_id
        and server_disks.disk_id = children.resource_id
    where server_disks.first_rp_time <= uneven_points.rp_time
        and children.child_id is null
        and excluded_disks.disk_id is null
),

disk_names as (
    select scope, resource_id as disk_id, resource_name as disk_name from staging.stg_children
    union all
    select scope, disk_id, resource_name as disk_name from former_disks
),

named_disks as (
    select
        scope,
        missing_disks.backup_id,
        missing_disks.is_moved,
        coalesce(max(disk_names.disk_name), disk_id) as disk_name
    from missing_disks
    left join disk_names using (scope, disk_id)
    group by scope, missing_disks.backup_id, missing_disks.is_moved, disk_id
),

dropped_disks as (
    select
        scope,
        backup_id,
        nullif(
            array_to_string(list_sort(array_agg(disk_name) filter (where not is_moved)), ', '), ''
        ) as dropped_disks,
        nullif(
            array_to_string(list_sort(array_agg(disk_name) filter (where is_moved)), ', '), ''
        ) as moved_disks
    from named_disks
    group by scope, backup_id
),

contents as (
    select
        points.*,
        requirements.size_check,
        coalesce(disk_counts.disks, 0) as disks,
        coalesce(disk_counts.unusable, 0) as unusable,
        disk_counts.unknown_status,
        coalesce(disk_counts.expired, 0) as expired,
        disk_counts.other_checkpoint,
        disk_counts.no_checkpoint,
        coalesce(disk_counts.has_system_disk, false) as has_system_disk,
        disk_counts.total_size,
        disk_counts.unusable_disks,
        dropped_disks.dropped_disks,
        dropped_disks.moved_disks,
        disk_counts.no_size = 0 and disk_counts.total_size <> points.resource_size as sizes_differ
    from intermediate.int_recovery_points as points
    inner join intermediate.int_requirements as requirements using (scope, resource_id)
    left join disk_counts using (scope, backup_id)
    left join dropped_disks using (scope, backup_id)
)

select
    scope,
    snapshot_id,
    backup_id as subject_id,
    case
        when level not in ('server', 'unknown') then 'not_a_server'
        when state = 'unknown' then 'status_not_known'
        when not is_dependable then 'not_dependable'
        when level = 'unknown' then 'type_not_known'
        when unusable > 0 then 'child_unusable'
        when expired > 0 then 'child_expired'
        when not detail_loaded then 'children_not_loaded'
        when rejected_parts > 0 then 'part_not_loaded'
        when disks = 0 then 'no_children'
        when other_checkpoint > 0 then 'checkpoint_differs'
        when not has_system_disk and contain_system_disk = false then 'no_system_disk'
        when dropped_disks is not null then 'disk_dropped'
        when sizes_differ and size_check = 'fail' then 'size_differs'
        when unknown_status > 0 then 'child_status_not_known'
        when no_checkpoint > 0 then 'checkpoint_not_said'
        when not has_system_disk and contain_system_disk is null then 'system_disk_not_said'
        when is_dependable is null then 'expiry_not_readable'
        when moved_disks is not null then 'complete_disk_moved'
        when sizes_differ then 'complete_size_differs'
        else 'complete'
    end as reason_code,
    disks - unusable - expired as measured_value,
    'usable disks' as measured_unit,
    disks as threshold_value,
    created_at as failing_since,
    unusable_disks, -- VARCHAR: Names of the disks that are unusable or expired.
    status as backup_status,
    resource_type,
    resource_size,
    rejected_parts,
    disks,
    unusable,
    expired,
    other_checkpoint,
    total_size,
    dropped_disks,
    moved_disks
from contents
