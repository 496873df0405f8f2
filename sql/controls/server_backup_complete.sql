-- One row a recovery point: does a server's hold every part that restoring needs?
-- id: server-backup-complete
-- title: Each dependable server backup has every disk that it names, usable and from one moment
-- severity: high
-- version: 2
-- subject: recovery_point
-- worse: lower
-- parameters: size_check, look_back_days
-- remedy: Back the server up again and see which disk fails or is left out of the vault.
with points as (
    select * from intermediate.int_recovery_points
),

disks as (
    select * from staging.stg_children
),

demands as (
    select * from intermediate.int_requirements
),

compared as (
    select
        p.scope,
        p.snapshot_id,
        p.backup_id,
        d.depth,
        d.resource_size,
        d.is_system_disk,
        coalesce(d.resource_name, d.resource_id) as disk_name,
        d.is_usable,
        d.is_expired,
        d.status is null
        or d.status not in (
            'available', 'protecting', 'deleting', 'restoring', 'error', 'waiting_protect', 'waiting_delete',
            'waiting_restore'
        ) as is_unknown,
        d.checkpoint_id = p.checkpoint_id as is_same_checkpoint
    from points as p
    inner join disks as d on p.scope = d.scope and p.snapshot_id = d.snapshot_id and p.backup_id = d.backup_id
),

counted as (
    select
        scope,
        snapshot_id,
        backup_id,
        count(*) as disks,
        count(*) filter (where not is_usable and not is_unknown) as unusable,
        count(*) filter (where is_unknown) as unknown_status,
        count(*) filter (where is_usable and is_expired) as expired,
        count(*) filter (where not is_same_checkpoint) as other_checkpoint,
        count(*) filter (where is_same_checkpoint is null) as no_checkpoint,
        bool_or(is_system_disk) as has_system_disk,
        count(*) filter (where depth = 1 and resource_size is null) as no_size,
        sum(resource_size) filter (where depth = 1) as total_size
    from compared
    group by scope, snapshot_id, backup_id
),

unusable as (
    select
        scope,
        snapshot_id,
        backup_id,
        nullif(array_to_string(list_sort(array_agg(disk_name)), ', '), '') as unusable_disks
    from compared
    where not is_unknown and (not is_usable or is_expired)
    group by scope, snapshot_id, backup_id
),

whole as (
    -- Points whose disks are all known, so that one that is not among them was not backed up.
    select * from points where level = 'server' and is_dependable and detail_loaded and rejected_parts = 0
),

gone as (
    -- What was in a backup that could be restored from, its server had, though the backup is gone.
    select
        l.scope,
        t.snapshot_id,
        l.backup_id,
        l.resource_id,
        l.created_at
    from history.backup_lifecycle as l
    inner join staging.stg_snapshots as n on l.scope = n.scope
    inner join policy.settings as t on l.scope = t.scope and n.snapshot_id = t.snapshot_id
    where l.was_usable
        and (l.gone_at is null or l.gone_at >= n.as_of - t.look_back_days * interval '1' day)
),

closed as (
    select
        *,
        coalesce(nullif(resource_id, ''), 'resource of backup ' || id) as disk_id
    from history.children_closed
    where status in ('available', 'restoring', 'waiting_restore')
),

parts as (
    select * from intermediate.int_resource_points where server_id is not null
),

sightings as (
    select scope, snapshot_id, server_id as resource_id, resource_id as disk_id, rp_time
    from parts
    where state = 'usable'
    union all
    select
        a.scope,
        a.snapshot_id,
        a.resource_id,
        c.disk_id,
        a.created_at as rp_time
    from gone as a
    inner join closed as c on a.scope = c.scope and a.backup_id = c.backup_id
),

disks_of_server as (
    select
        scope,
        snapshot_id,
        resource_id,
        disk_id,
        min(rp_time) as first_rp_time,
        max(rp_time) as last_rp_time
    from sightings
    group by scope, snapshot_id, resource_id, disk_id
),

totals as (
    select scope, snapshot_id, resource_id, count(*) as disks
    from disks_of_server
    group by scope, snapshot_id, resource_id
),

disks_of_point as (
    select scope, snapshot_id, backup_id, count(*) as disks
    from parts
    group by scope, snapshot_id, backup_id
),

uneven as (
    -- Only where a backup holds fewer disks than its server ever had there is anything to compare.
    select
        w.scope,
        w.snapshot_id,
        w.resource_id,
        w.backup_id,
        w.rp_time
    from whole as w
    inner join totals as t
        on w.scope = t.scope and w.snapshot_id = t.snapshot_id and w.resource_id = t.resource_id
    left join disks_of_point as d
        on w.scope = d.scope and w.snapshot_id = d.snapshot_id and w.backup_id = d.backup_id
    where coalesce(d.disks, 0) < t.disks
),

moved as (
    -- A disk that a later backup of another server holds was moved there.
    select distinct
        m.scope,
        m.snapshot_id,
        m.resource_id,
        m.disk_id
    from disks_of_server as m
    inner join disks_of_server as n
        on m.scope = n.scope
        and m.snapshot_id = n.snapshot_id
        and m.disk_id = n.disk_id
        and m.resource_id <> n.resource_id
        and m.last_rp_time < n.last_rp_time
    inner join uneven as u
        on m.scope = u.scope and m.snapshot_id = u.snapshot_id and m.resource_id = u.resource_id
),

excluded as (
    select scope, snapshot_id, resource_id as disk_id from intermediate.int_rules where exclusion_id is not null
),

missing as (
    -- Disks that an earlier backup of the server holds, and this one lacks.
    select
        u.scope,
        u.snapshot_id,
        u.backup_id,
        s.disk_id,
        v.disk_id is not null as is_moved
    from uneven as u
    inner join disks_of_server as s
        on u.scope = s.scope
        and u.snapshot_id = s.snapshot_id
        and u.resource_id = s.resource_id
        and s.first_rp_time <= u.rp_time
    left join disks as d
        on u.scope = d.scope
        and u.snapshot_id = d.snapshot_id
        and u.backup_id = d.backup_id
        and s.disk_id = d.resource_id
    left join moved as v
        on s.scope = v.scope
        and s.snapshot_id = v.snapshot_id
        and s.resource_id = v.resource_id
        and s.disk_id = v.disk_id
    left join excluded as x
        on s.scope = x.scope and s.snapshot_id = x.snapshot_id and s.disk_id = x.disk_id
    where d.child_id is null and x.disk_id is null
),

names as (
    select scope, resource_id as disk_id, resource_name as disk_name from disks
    union all
    select scope, disk_id, resource_name as disk_name from closed
),

named as (
    select
        m.scope,
        m.snapshot_id,
        m.backup_id,
        m.is_moved,
        coalesce(max(n.disk_name), m.disk_id) as disk_name
    from missing as m
    left join names as n on m.scope = n.scope and m.disk_id = n.disk_id
    group by m.scope, m.snapshot_id, m.backup_id, m.is_moved, m.disk_id
),

dropped as (
    select
        scope,
        snapshot_id,
        backup_id,
        nullif(array_to_string(list_sort(array_agg(disk_name) filter (where not is_moved)), ', '), '') as dropped_disks,
        nullif(array_to_string(list_sort(array_agg(disk_name) filter (where is_moved)), ', '), '') as moved_disks
    from named
    group by scope, snapshot_id, backup_id
),

measured as (
    select
        p.*,
        t.size_check,
        coalesce(c.disks, 0) as disks,
        coalesce(c.unusable, 0) as unusable,
        c.unknown_status,
        coalesce(c.expired, 0) as expired,
        c.other_checkpoint,
        c.no_checkpoint,
        coalesce(c.has_system_disk, false) as has_system_disk,
        c.total_size,
        u.unusable_disks,
        g.dropped_disks,
        g.moved_disks,
        c.no_size = 0 and c.total_size <> p.resource_size as sizes_differ
    from points as p
    inner join demands as t
        on p.scope = t.scope and p.snapshot_id = t.snapshot_id and p.resource_id = t.resource_id
    left join counted as c
        on p.scope = c.scope and p.snapshot_id = c.snapshot_id and p.backup_id = c.backup_id
    left join unusable as u
        on p.scope = u.scope and p.snapshot_id = u.snapshot_id and p.backup_id = u.backup_id
    left join dropped as g
        on p.scope = g.scope and p.snapshot_id = g.snapshot_id and p.backup_id = g.backup_id
),

judged as (
    select
        *,
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
        end as reason_code
    from measured
)

select
    scope,
    snapshot_id,
    backup_id as subject_id,
    case
        when reason_code in ('not_a_server', 'not_dependable') then 'not_applicable'
        when reason_code in ('complete', 'complete_disk_moved', 'complete_size_differs') then 'pass'
        when reason_code in (
            'child_unusable', 'child_expired', 'no_children', 'checkpoint_differs', 'no_system_disk', 'disk_dropped', 'size_differs'
        )
            then 'fail'
        else 'unknown'
    end as status,
    reason_code,
    case reason_code
        when 'not_a_server' then 'It is not the backup of a server.'
        when 'type_not_known' then 'Its resource type is not a documented one: ' || coalesce(resource_type, 'none') || '.'
        when 'part_not_loaded' then cast(rejected_parts as varchar) || ' of its records could not be loaded, so nothing is known of them.'
        when 'expiry_not_readable' then 'It says when it expires in a form that can not be read.'
        when 'status_not_known' then 'Its status is not a documented one: ' || coalesce(status, 'none') || '.'
        when 'not_dependable' then 'The backup can not be relied on, so its parts do not matter.'
        when 'child_unusable' then cast(unusable as varchar) || ' of ' || cast(disks as varchar) || ' disks can not be restored: ' || unusable_disks || '.'
        when 'child_expired' then cast(expired as varchar) || ' of ' || cast(disks as varchar) || ' disks are past their expiry and may be purged at any moment: ' || unusable_disks || '.'
        when 'children_not_loaded' then 'Its details were not read, or too long ago, so nothing is known of its disks.'
        when 'no_children' then 'It has no disk in it.'
        when 'checkpoint_differs' then cast(other_checkpoint as varchar) || ' of ' || cast(disks as varchar) || ' disks belong to another restore point.'
        when 'no_system_disk' then 'The system disk is not in it.'
        when 'disk_dropped' then 'It lacks a disk that an earlier backup of the server holds: ' || dropped_disks || '.'
        when 'child_status_not_known' then 'A disk has a status that is not documented.'
        when 'checkpoint_not_said' then 'Not every disk says which restore point it belongs to.'
        when 'system_disk_not_said' then 'Nothing says whether the system disk is in it.'
        when 'complete_disk_moved' then 'Every disk that it names is there: ' || cast(disks as varchar) || '; a later backup of another server holds ' || moved_disks || '.'
        when 'complete' then 'Every disk that it names is there: ' || cast(disks as varchar) || '.'
        when 'size_differs' then 'Its disks add up to ' || cast(total_size as varchar) || ' GB where the server has ' || cast(resource_size as varchar) || ' GB.'
        else 'Every disk that it names is there: ' || cast(disks as varchar) || ', but they add up to ' || cast(total_size as varchar) || ' GB where the server has ' || cast(resource_size as varchar) || ' GB: see that none was left out.'
    end as reason,
    disks - unusable - expired as measured_value,
    'usable disks' as measured_unit,
    disks as threshold_value,
    cast(null as varchar[]) as evidence_backup_ids,
    case
        when reason_code in (
            'child_unusable', 'child_expired', 'no_children', 'checkpoint_differs', 'no_system_disk', 'disk_dropped', 'size_differs'
        )
            then created_at
    end as failing_since,
    unusable_disks -- VARCHAR: Names of the disks that can not be restored, or are past their expiry.
from judged
