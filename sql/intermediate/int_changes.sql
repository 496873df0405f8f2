-- One row a change of a recovery point that is there: a field that can't change, when it expires, or a part that is there
-- no more, which one complete snapshot has otherwise than the one before.
with points as (
    select * from intermediate.int_recovery_points
),

settings as (
    select * from policy.settings
),

concerned as (
    select distinct
        p.scope,
        p.snapshot_id,
        p.backup_id,
        p.as_of - t.deletion_window_days * interval '1' day as window_start
    from history.backups_closed as v
    inner join points as p on v.scope = p.scope and v.id = p.backup_id
    inner join settings as t on p.scope = t.scope and p.snapshot_id = t.snapshot_id
    where v.valid_to >= p.as_of - t.deletion_window_days * interval '1' day
),

versions as (
    select
        c.scope,
        c.snapshot_id,
        c.backup_id,
        c.window_start,
        v.created_at,
        v.expired_at,
        v.resource_id,
        v.checkpoint_id,
        v.resource_size,
        coalesce(v.parent_id, '') as parent_id,
        v.image_type,
        v.valid_to
    from concerned as c
    inner join history.backups_closed as v on c.scope = v.scope and c.backup_id = v.id
    union all
    select
        c.scope,
        c.snapshot_id,
        c.backup_id,
        c.window_start,
        b.created_at,
        b.expired_at,
        b.resource_id,
        b.checkpoint_id,
        b.resource_size,
        coalesce(b.parent_id, '') as parent_id,
        b.image_type,
        cast(null as timestamp) as valid_to
    from concerned as c
    inner join cbr.backups as b on c.scope = b.scope and c.snapshot_id = b.snapshot_id and c.backup_id = b.id
),

numbered as (
    select
        *,
        row_number() over (partition by scope, snapshot_id, backup_id order by valid_to nulls last) as place
    from versions
),

paired as (
    select
        n.scope,
        n.snapshot_id,
        n.backup_id,
        o.valid_to as changed_at,
        o.created_at as old_created_at,
        n.created_at as new_created_at,
        o.expired_at as old_expired_at,
        n.expired_at as new_expired_at,
        o.resource_id as old_resource_id,
        n.resource_id as new_resource_id,
        o.checkpoint_id as old_checkpoint_id,
        n.checkpoint_id as new_checkpoint_id,
        o.resource_size as old_resource_size,
        n.resource_size as new_resource_size,
        o.parent_id as old_parent_id,
        n.parent_id as new_parent_id,
        o.image_type as old_image_type,
        n.image_type as new_image_type
    from numbered as n
    inner join numbered as o
        on n.scope = o.scope
        and n.snapshot_id = o.snapshot_id
        and n.backup_id = o.backup_id
        and n.place = o.place + 1
    where o.valid_to >= n.window_start
),

unlocked as (
    -- Encryption stands in extend_info, and of a server in that of its disks; it only ever may be gained.
    select
        p.scope,
        p.snapshot_id,
        p.backup_id,
        f.valid_to as changed_at
    from history.extend_info_closed as f
    inner join points as p on f.scope = p.scope and f.top_backup_id = p.backup_id
    inner join cbr.extend_info as e
        on p.scope = e.scope
        and p.snapshot_id = e.snapshot_id
        and f.top_backup_id = e.top_backup_id
        and f.level = e.level
        and f.backup_id = e.backup_id
    inner join settings as t on p.scope = t.scope and p.snapshot_id = t.snapshot_id
    where f.encrypted and not e.encrypted and f.valid_to >= p.as_of - t.deletion_window_days * interval '1' day
),

returned as (
    -- The same, taken away and given back since.
    select
        p.scope,
        p.snapshot_id,
        p.backup_id,
        f.valid_to as changed_at
    from history.extend_info_closed as f
    inner join history.extend_info_closed as l
        on f.scope = l.scope
        and f.top_backup_id = l.top_backup_id
        and f.level = l.level
        and f.backup_id = l.backup_id
        and f.valid_to <= l.valid_from
    inner join points as p on f.scope = p.scope and f.top_backup_id = p.backup_id
    inner join settings as t on p.scope = t.scope and p.snapshot_id = t.snapshot_id
    where f.encrypted and not l.encrypted and f.valid_to >= p.as_of - t.deletion_window_days * interval '1' day
),

decrypted as (
    select * from unlocked
    union all
    select * from returned
),

removed as (
    -- A part that a whole backup had, and has no more although all its parts were read.
    select
        p.scope,
        p.snapshot_id,
        p.backup_id,
        coalesce(c.resource_name, c.id) as part,
        max(c.valid_to) as changed_at
    from history.children_closed as c
    inner join points as p on c.scope = p.scope and c.backup_id = p.backup_id
    inner join settings as t on p.scope = t.scope and p.snapshot_id = t.snapshot_id
    left join cbr.children as n
        on p.scope = n.scope and p.snapshot_id = n.snapshot_id and c.backup_id = n.backup_id and c.id = n.id
    where n.id is null
        and p.detail_loaded
        and p.is_usable
        and c.status in ('available', 'restoring', 'waiting_restore')
        and c.valid_to >= p.as_of - t.deletion_window_days * interval '1' day
    group by p.scope, p.snapshot_id, p.backup_id, coalesce(c.resource_name, c.id)
),

fields as (
    select scope, snapshot_id, backup_id, changed_at, 'created_at' as field, cast(old_created_at as varchar) as old_value, cast(new_created_at as varchar) as new_value
    from paired
    where old_created_at <> new_created_at
    union all
    select scope, snapshot_id, backup_id, changed_at, 'expired_at' as field, cast(old_expired_at as varchar) as old_value, cast(new_expired_at as varchar) as new_value
    from paired
    where old_expired_at is distinct from new_expired_at
    union all
    select scope, snapshot_id, backup_id, changed_at, 'resource_id' as field, old_resource_id as old_value, new_resource_id as new_value
    from paired
    where old_resource_id <> new_resource_id
    union all
    select scope, snapshot_id, backup_id, changed_at, 'checkpoint_id' as field, old_checkpoint_id as old_value, new_checkpoint_id as new_value
    from paired
    where old_checkpoint_id <> new_checkpoint_id
    union all
    select scope, snapshot_id, backup_id, changed_at, 'resource_size' as field, cast(old_resource_size as varchar) as old_value, cast(new_resource_size as varchar) as new_value
    from paired
    where old_resource_size <> new_resource_size
    union all
    select scope, snapshot_id, backup_id, changed_at, 'parent_id' as field, old_parent_id as old_value, new_parent_id as new_value
    from paired
    where old_parent_id <> new_parent_id
    union all
    select scope, snapshot_id, backup_id, changed_at, 'image_type' as field, old_image_type as old_value, new_image_type as new_value
    from paired
    where old_image_type <> new_image_type
    union all
    select distinct scope, snapshot_id, backup_id, changed_at, 'encrypted' as field, 'true' as old_value, 'false' as new_value
    from decrypted
    union all
    select scope, snapshot_id, backup_id, changed_at, 'children' as field, part as old_value, cast(null as varchar) as new_value
    from removed
)

select
    scope,
    snapshot_id,
    backup_id, -- VARCHAR: Id of the backup.
    changed_at, -- TIMESTAMP: The first complete snapshot that has it no more as it was.
    field, -- VARCHAR: The field that changed.
    old_value, -- VARCHAR: What it was.
    new_value -- VARCHAR: What it is since.
from fields
