-- One row a recovery point: does a server's hold every part that restoring needs?
-- id: server-backup-complete
-- title: Each dependable server backup has every disk that it names, usable and from one moment
-- severity: high
-- version: 1
-- subject: recovery_point
-- worse: lower
-- parameters: size_check
-- remedy: Back the server up again and see which disk fails or is left out of the vault.
with points as (
    select * from intermediate.int_recovery_points
),

disks as (
    select * from staging.stg_children
),

demands as (
    select * from intermediate.int_demands
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
        string_agg(disk_name, ', ' order by disk_name) as unusable_disks
    from compared
    where not is_usable and not is_unknown
    group by scope, snapshot_id, backup_id
),

whole as (
    -- Points whose disks are all known, so that one that is not among them was not backed up.
    select * from points where level = 'server' and not is_replica and is_dependable and detail_loaded and rejected_parts = 0
),

newest as (
    select scope, snapshot_id, resource_id, max(rp_time) as last_rp_time
    from whole
    group by scope, snapshot_id, resource_id
),

last_of_disk as (
    select
        w.scope,
        w.snapshot_id,
        w.resource_id,
        d.resource_id as disk_id,
        max(coalesce(d.resource_name, d.resource_id)) as disk_name,
        max(w.rp_time) as last_rp_time
    from whole as w
    inner join disks as d on w.scope = d.scope and w.snapshot_id = d.snapshot_id and w.backup_id = d.backup_id
    group by w.scope, w.snapshot_id, w.resource_id, d.resource_id
),

missing as (
    -- Disks that are in no later backup of their server, and the first one that lacks them.
    select
        l.scope,
        l.snapshot_id,
        l.resource_id,
        l.disk_id,
        l.disk_name,
        min(w.rp_time) as missed_at
    from last_of_disk as l
    inner join newest as n
        on l.scope = n.scope
        and l.snapshot_id = n.snapshot_id
        and l.resource_id = n.resource_id
        and l.last_rp_time < n.last_rp_time
    inner join whole as w
        on l.scope = w.scope
        and l.snapshot_id = w.snapshot_id
        and l.resource_id = w.resource_id
        and w.rp_time > l.last_rp_time
    group by l.scope, l.snapshot_id, l.resource_id, l.disk_id, l.disk_name
),

dropped as (
    select
        w.scope,
        w.snapshot_id,
        w.backup_id,
        string_agg(m.disk_name, ', ' order by m.disk_name) as dropped_disks
    from missing as m
    inner join whole as w
        on m.scope = w.scope
        and m.snapshot_id = w.snapshot_id
        and m.resource_id = w.resource_id
        and m.missed_at = w.rp_time
    group by w.scope, w.snapshot_id, w.backup_id
),

measured as (
    select
        p.*,
        t.size_check,
        coalesce(c.disks, 0) as disks,
        coalesce(c.unusable, 0) as unusable,
        c.unknown_status,
        c.other_checkpoint,
        c.no_checkpoint,
        coalesce(c.has_system_disk, false) as has_system_disk,
        c.total_size,
        u.unusable_disks,
        g.dropped_disks,
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
        when reason_code in ('complete', 'complete_size_differs') then 'pass'
        when reason_code in ('child_unusable', 'no_children', 'checkpoint_differs', 'no_system_disk', 'disk_dropped', 'size_differs')
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
        when 'children_not_loaded' then 'Its details were not read, so nothing is known of its disks.'
        when 'no_children' then 'It has no disk in it.'
        when 'checkpoint_differs' then cast(other_checkpoint as varchar) || ' of ' || cast(disks as varchar) || ' disks belong to another restore point.'
        when 'no_system_disk' then 'The system disk is not in it.'
        when 'disk_dropped' then 'The backup before it had a disk that is in none since: ' || dropped_disks || '.'
        when 'child_status_not_known' then 'A disk has a status that is not documented.'
        when 'checkpoint_not_said' then 'Not every disk says which restore point it belongs to.'
        when 'system_disk_not_said' then 'Nothing says whether the system disk is in it.'
        when 'complete' then 'Every disk that it names is there: ' || cast(disks as varchar) || '.'
        when 'size_differs' then 'Its disks add up to ' || cast(total_size as varchar) || ' GB where the server has ' || cast(resource_size as varchar) || ' GB.'
        else 'Every disk that it names is there: ' || cast(disks as varchar) || ', but they add up to ' || cast(total_size as varchar) || ' GB where the server has ' || cast(resource_size as varchar) || ' GB: see that none was left out.'
    end as reason,
    disks - unusable as measured_value,
    'usable disks' as measured_unit,
    disks as threshold_value,
    cast(null as varchar[]) as evidence_backup_ids,
    case
        when reason_code in ('child_unusable', 'no_children', 'checkpoint_differs', 'no_system_disk', 'disk_dropped', 'size_differs')
            then created_at
    end as failing_since,
    unusable_disks -- VARCHAR: Names of the disks that can not be restored.
from judged
