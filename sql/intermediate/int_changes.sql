-- One row a change of a recovery point that is there, or lately was: a field that can't change, or a part that is there
-- no more, which one complete snapshot has otherwise than the one before.
with present as (
    select scope, snapshot_id, as_of, backup_id, detail_loaded, rejected_parts, cast(null as timestamp) as gone_at
    from intermediate.int_recovery_points
),

gone as (
    select scope, snapshot_id, as_of, backup_id, false as detail_loaded, 0 as rejected_parts, gone_at
    from intermediate.int_lost_points
),

points as (
    select * from present
    union all
    select * from gone
),

settings as (
    select * from policy.settings
),

settled as (
    -- Until it is made, a backup may change.
    select * from history.backups_closed
    where status is null or status not in ('protecting', 'waiting_protect')
),

ended as (
    select
        v.scope,
        v.id,
        count(*) as versions
    from settled as v
    inner join settings as t on v.scope = t.scope
    inner join staging.stg_snapshots as s on v.scope = s.scope
    where v.valid_to >= s.as_of - t.deletion_window_days * interval '1' day
    group by v.scope, v.id
),

concerned as (
    -- A version that ended, and another one after it: of what is gone, that takes two.
    select
        p.scope,
        p.snapshot_id,
        p.backup_id,
        p.as_of - t.deletion_window_days * interval '1' day as window_start
    from present as p
    inner join ended as v on p.scope = v.scope and p.backup_id = v.id
    inner join settings as t on p.scope = t.scope and p.snapshot_id = t.snapshot_id
    union all
    select
        p.scope,
        p.snapshot_id,
        p.backup_id,
        p.as_of - t.deletion_window_days * interval '1' day as window_start
    from gone as p
    inner join ended as v on p.scope = v.scope and p.backup_id = v.id and v.versions > 1
    inner join settings as t on p.scope = t.scope and p.snapshot_id = t.snapshot_id
),

versions as (
    select
        c.scope,
        c.snapshot_id,
        c.backup_id,
        c.window_start,
        v.created_at,
        v.resource_id,
        v.checkpoint_id,
        v.resource_size,
        v.parent_id,
        v.image_type,
        v.valid_to
    from concerned as c
    inner join settled as v on c.scope = v.scope and c.backup_id = v.id
    union all
    select
        c.scope,
        c.snapshot_id,
        c.backup_id,
        c.window_start,
        b.created_at,
        b.resource_id,
        b.checkpoint_id,
        b.resource_size,
        b.parent_id,
        b.image_type,
        cast(null as timestamp) as valid_to
    from concerned as c
    inner join cbr.backups as b on c.scope = b.scope and c.snapshot_id = b.snapshot_id and c.backup_id = b.id
),

told as (
    -- What a version does not say is no change: the value before it counts.
    select scope, snapshot_id, backup_id, window_start, valid_to, 'created_at' as field, cast(created_at as varchar) as value
    from versions
    union all
    select scope, snapshot_id, backup_id, window_start, valid_to, 'resource_id' as field, nullif(resource_id, '') as value
    from versions
    union all
    select scope, snapshot_id, backup_id, window_start, valid_to, 'checkpoint_id' as field, nullif(checkpoint_id, '') as value
    from versions
    union all
    select scope, snapshot_id, backup_id, window_start, valid_to, 'resource_size' as field, cast(resource_size as varchar) as value
    from versions
    union all
    select scope, snapshot_id, backup_id, window_start, valid_to, 'parent_id' as field, nullif(parent_id, '') as value
    from versions
    union all
    select scope, snapshot_id, backup_id, window_start, valid_to, 'image_type' as field, image_type as value
    from versions
),

numbered as (
    select
        *,
        lag(value) over (partition by scope, snapshot_id, backup_id, field order by valid_to nulls last) as value_before,
        lag(valid_to) over (partition by scope, snapshot_id, backup_id, field order by valid_to nulls last) as changed_at
    from told
    where value is not null
),

changed as (
    select
        scope,
        snapshot_id,
        backup_id,
        changed_at,
        field,
        value_before as old_value,
        value as new_value
    from numbered
    where value_before <> value and changed_at >= window_start
),

times as (
    select
        *,
        cast(old_value as timestamp) as old_time,
        cast(new_value as timestamp) as new_time
    from changed
    where field = 'created_at'
),

same_times as (
    -- Some services tell the same instant in seconds one day and in microseconds the next: the coarser one decides.
    select scope, snapshot_id, backup_id, changed_at
    from times
    where (
            (old_time = date_trunc('second', old_time) or new_time = date_trunc('second', new_time))
            and old_time < new_time + interval '1' second
            and new_time < old_time + interval '1' second
        )
        or (
            (old_time = date_trunc('millisecond', old_time) or new_time = date_trunc('millisecond', new_time))
            and old_time < new_time + interval '0.001' second
            and new_time < old_time + interval '0.001' second
        )
),

differing as (
    select c.*
    from changed as c
    left join same_times as s
        on c.scope = s.scope
        and c.snapshot_id = s.snapshot_id
        and c.backup_id = s.backup_id
        and c.changed_at = s.changed_at
        and c.field = 'created_at'
    where s.backup_id is null
),

closed_parts as (
    select
        p.scope,
        p.snapshot_id,
        p.as_of,
        p.backup_id,
        p.detail_loaded,
        p.rejected_parts,
        c.id,
        c.resource_name,
        c.created_at,
        c.resource_id,
        c.checkpoint_id,
        c.resource_size,
        c.valid_to,
        p.as_of - t.deletion_window_days * interval '1' day as window_start
    from history.children_closed as c
    inner join points as p on c.scope = p.scope and c.backup_id = p.backup_id
    inner join settings as t on p.scope = t.scope and p.snapshot_id = t.snapshot_id
    where c.status in ('available', 'restoring', 'waiting_restore')
        and (p.gone_at is null or c.valid_to < p.gone_at)
),

later_parts as (
    -- What a part was after one of its versions ended: another one that ended too, or what it is now.
    select
        c.scope,
        c.snapshot_id,
        c.backup_id,
        c.id,
        c.valid_to,
        l.created_at,
        l.resource_id,
        l.checkpoint_id,
        l.resource_size
    from closed_parts as c
    inner join history.children_closed as l
        on c.scope = l.scope and c.backup_id = l.backup_id and c.id = l.id and l.valid_from >= c.valid_to
    union all
    select
        c.scope,
        c.snapshot_id,
        c.backup_id,
        c.id,
        c.valid_to,
        n.created_at,
        n.resource_id,
        n.checkpoint_id,
        n.resource_size
    from closed_parts as c
    inner join cbr.children as n
        on c.scope = n.scope and c.snapshot_id = n.snapshot_id and c.backup_id = n.backup_id and c.id = n.id
),

changed_parts as (
    select distinct
        c.scope,
        c.snapshot_id,
        c.backup_id,
        c.valid_to as changed_at,
        coalesce(c.resource_name, c.id) as part
    from closed_parts as c
    inner join later_parts as l
        on c.scope = l.scope
        and c.snapshot_id = l.snapshot_id
        and c.backup_id = l.backup_id
        and c.id = l.id
        and c.valid_to = l.valid_to
    where c.valid_to >= c.window_start
        and (
            case
                when c.created_at = date_trunc('second', c.created_at) or l.created_at = date_trunc('second', l.created_at)
                    then c.created_at >= l.created_at + interval '1' second
                        or l.created_at >= c.created_at + interval '1' second
                when c.created_at = date_trunc('millisecond', c.created_at)
                    or l.created_at = date_trunc('millisecond', l.created_at)
                    then c.created_at >= l.created_at + interval '0.001' second
                        or l.created_at >= c.created_at + interval '0.001' second
                else c.created_at <> l.created_at
            end
            or c.resource_id <> l.resource_id
            or c.checkpoint_id <> l.checkpoint_id
            or c.resource_size <> l.resource_size
        )
),

bare as (
    -- Parts that no version has after these.
    select c.*
    from closed_parts as c
    left join later_parts as l
        on c.scope = l.scope
        and c.snapshot_id = l.snapshot_id
        and c.backup_id = l.backup_id
        and c.id = l.id
        and c.valid_to = l.valid_to
    where l.id is null
),

loads as (
    -- When all parts of such a backup were read: by a version that ended, or now.
    select b.scope, b.snapshot_id, b.backup_id, b.id, greatest(v.valid_from, b.valid_to) as loaded_at
    from bare as b
    inner join history.backups_closed as v
        on b.scope = v.scope and b.backup_id = v.id and v.detail_loaded and v.valid_to > b.valid_to
    union all
    select b.scope, b.snapshot_id, b.backup_id, b.id, greatest(o.valid_from, b.valid_to) as loaded_at
    from bare as b
    inner join history.backups_open as o on b.scope = o.scope and b.backup_id = o.id
    where b.detail_loaded and b.rejected_parts = 0
),

removed as (
    -- A part that a backup had, and has no more since all its parts were read again.
    select
        b.scope,
        b.snapshot_id,
        b.backup_id,
        max(coalesce(b.resource_name, b.id)) as part,
        min(l.loaded_at) as changed_at
    from bare as b
    inner join loads as l
        on b.scope = l.scope and b.snapshot_id = l.snapshot_id and b.backup_id = l.backup_id and b.id = l.id
    where l.loaded_at >= b.window_start
    group by b.scope, b.snapshot_id, b.backup_id, b.id
),

flags as (
    -- Encryption stands in extend_info, and of a server in that of its disks; it only ever may be gained. Who made a
    -- backup never changes.
    select
        scope,
        top_backup_id,
        level,
        backup_id,
        encrypted,
        case when level = 'backup' then auto_trigger end as auto_trigger,
        valid_from,
        valid_to
    from history.extend_info_closed
    where encrypted is not null or auto_trigger is not null
),

later_flags as (
    select scope, top_backup_id, level, backup_id, encrypted, auto_trigger, valid_from from flags
    union all
    select
        scope,
        top_backup_id,
        level,
        backup_id,
        encrypted,
        case when level = 'backup' then auto_trigger end as auto_trigger,
        cast(null as timestamp) as valid_from
    from cbr.extend_info
),

changed_flags as (
    select
        p.scope,
        p.snapshot_id,
        p.backup_id,
        f.valid_to as changed_at,
        f.encrypted and not l.encrypted as is_decrypted,
        f.auto_trigger as old_trigger,
        l.auto_trigger as new_trigger
    from flags as f
    inner join later_flags as l
        on f.scope = l.scope
        and f.top_backup_id = l.top_backup_id
        and f.level = l.level
        and f.backup_id = l.backup_id
        and (f.valid_to <= l.valid_from or l.valid_from is null)
    inner join points as p on f.scope = p.scope and f.top_backup_id = p.backup_id
    inner join settings as t on p.scope = t.scope and p.snapshot_id = t.snapshot_id
    where f.valid_to >= p.as_of - t.deletion_window_days * interval '1' day
        and (p.gone_at is null or f.valid_to < p.gone_at)
        and ((f.encrypted and not l.encrypted) or f.auto_trigger <> l.auto_trigger)
),

fields as (
    select scope, snapshot_id, backup_id, changed_at, field, old_value, new_value from differing
    union all
    select distinct scope, snapshot_id, backup_id, changed_at, 'encrypted' as field, 'true' as old_value, 'false' as new_value
    from changed_flags
    where is_decrypted
    union all
    select distinct
        scope,
        snapshot_id,
        backup_id,
        changed_at,
        'auto_trigger' as field,
        cast(old_trigger as varchar) as old_value,
        cast(new_trigger as varchar) as new_value
    from changed_flags
    where old_trigger <> new_trigger
    union all
    select scope, snapshot_id, backup_id, changed_at, 'part' as field, part as old_value, 'changed' as new_value
    from changed_parts
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
