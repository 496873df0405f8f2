-- One row per change of a recovery point between two complete snapshots: a fixed field that
-- changed, or a removed part. Includes points that disappeared lately.
with windows as (
    select
        scope,
        snapshots.snapshot_id,
        snapshots.as_of - settings.deletion_window_days * interval '1' day as starts_at
    from staging.stg_snapshots as snapshots
    inner join policy.settings using (scope)
),

points as (
    select
        scope,
        backup_id,
        gone_at,
        detail_loaded and rejected_parts = 0 as has_all_parts
    from intermediate.int_known_points
),

settled_versions as (
    -- A backup may change until it is finished.
    select
        *,
        id as backup_id
    from history.backups_closed
    left join staging.stg_statuses as statuses using (status)
    where coalesce(statuses.state, 'unknown') <> 'in_flight'
),

changed_points as (
    -- A change is a closed version with a later version; a point that has disappeared needs two
    -- closed versions.
    select
        scope,
        backup_id
    from settled_versions
    inner join points using (scope, backup_id)
    inner join windows using (scope)
    where settled_versions.valid_to >= windows.starts_at
    group by scope, backup_id, points.gone_at
    having points.gone_at is null or count(*) > 1
),

versions as (
    select
        scope,
        backup_id,
        created_at,
        resource_id,
        checkpoint_id,
        resource_size,
        parent_id,
        image_type,
        valid_to
    from settled_versions
    inner join changed_points using (scope, backup_id)
    union all
    select
        backups.scope,
        backups.id as backup_id,
        backups.created_at,
        backups.resource_id,
        backups.checkpoint_id,
        backups.resource_size,
        backups.parent_id,
        backups.image_type,
        cast(null as timestamp) as valid_to
    from cbr.backups
    inner join changed_points
        on backups.scope = changed_points.scope and backups.id = changed_points.backup_id
),

field_values as (
    select
        versions.scope,
        versions.backup_id,
        versions.valid_to,
        fields.field,
        case fields.field
            when 'created_at' then cast(versions.created_at as varchar)
            when 'resource_id' then nullif(versions.resource_id, '')
            when 'checkpoint_id' then nullif(versions.checkpoint_id, '')
            when 'resource_size' then cast(versions.resource_size as varchar)
            when 'parent_id' then nullif(versions.parent_id, '')
            else versions.image_type
        end as value
    from versions
    cross join (
        values
            ('created_at'),
            ('resource_id'),
            ('checkpoint_id'),
            ('resource_size'),
            ('parent_id'),
            ('image_type')
    ) as fields (field)
),

compared_values as (
    -- A missing value is no change: the previous value is kept.
    select
        *,
        lag(value) over version_order as old_value,
        lag(valid_to) over version_order as changed_at
    from field_values
    where value is not null
    window version_order as (partition by scope, backup_id, field order by valid_to nulls last)
),

changed_values as (
    select
        *,
        case when field = 'created_at' then cast(old_value as timestamp) end as old_time,
        case when field = 'created_at' then cast(value as timestamp) end as new_time
    from compared_values
    where old_value <> value
),

differing_values as (
    -- Some services send the same time in seconds on one day and in microseconds on the next, so
    -- times are compared at the coarser precision.
    select *
    from changed_values
    where field <> 'created_at'
        or case
            when old_time = date_trunc('second', old_time)
                or new_time = date_trunc('second', new_time)
                then old_time >= new_time + interval '1' second
                    or new_time >= old_time + interval '1' second
            when old_time = date_trunc('millisecond', old_time)
                or new_time = date_trunc('millisecond', new_time)
                then old_time >= new_time + interval '0.001' second
                    or new_time >= old_time + interval '0.001' second
            else true
        end
),

closed_parts as (
    -- Usable parts of points that exist or disappeared lately.
    select
        parts.*,
        points.has_all_parts
    from history.children_closed as parts
    inner join staging.stg_statuses as statuses using (status)
    inner join points using (scope, backup_id)
    where statuses.state = 'usable'
        and (points.gone_at is null or parts.valid_to < points.gone_at)
),

part_versions as (
    select scope, backup_id, id, created_at, resource_id, checkpoint_id, resource_size, valid_from
    from history.children_closed
    union all
    select
        scope,
        backup_id,
        id,
        created_at,
        resource_id,
        checkpoint_id,
        resource_size,
        cast(null as timestamp) as valid_from
    from cbr.children
),

part_pairs as (
    -- Each closed version of a part with its next version, closed or open.
    select
        closed.scope,
        closed.backup_id,
        closed.id,
        closed.valid_to,
        coalesce(closed.resource_name, closed.id) as part,
        closed.resource_id <> later.resource_id
        or closed.checkpoint_id <> later.checkpoint_id
        or closed.resource_size <> later.resource_size
        or case
            when closed.created_at = date_trunc('second', closed.created_at)
                or later.created_at = date_trunc('second', later.created_at)
                then closed.created_at >= later.created_at + interval '1' second
                    or later.created_at >= closed.created_at + interval '1' second
            when closed.created_at = date_trunc('millisecond', closed.created_at)
                or later.created_at = date_trunc('millisecond', later.created_at)
                then closed.created_at >= later.created_at + interval '0.001' second
                    or later.created_at >= closed.created_at + interval '0.001' second
            else closed.created_at <> later.created_at
        end as is_changed
    from closed_parts as closed
    inner join part_versions as later
        on closed.scope = later.scope
        and closed.backup_id = later.backup_id
        and closed.id = later.id
        and (later.valid_from is null or later.valid_from >= closed.valid_to)
),

last_parts as (
    -- Parts without a later version.
    select closed_parts.*
    from closed_parts
    left join part_pairs using (scope, backup_id, id, valid_to)
    where part_pairs.part is null
),

complete_reads as (
    -- When all parts of such a backup were read, by closed versions or now.
    select
        parts.scope,
        parts.backup_id,
        parts.id,
        greatest(backups.valid_from, parts.valid_to) as read_at
    from last_parts as parts
    inner join history.backups_closed as backups
        on parts.scope = backups.scope
        and parts.backup_id = backups.id
        and backups.detail_loaded
        and backups.valid_to > parts.valid_to
    union all
    select
        parts.scope,
        parts.backup_id,
        parts.id,
        greatest(backups.valid_from, parts.valid_to) as read_at
    from last_parts as parts
    inner join history.backups_open as backups
        on parts.scope = backups.scope and parts.backup_id = backups.id
    where parts.has_all_parts
),

removed_parts as (
    -- Parts that are missing although all parts of the backup were read again.
    select
        scope,
        backup_id,
        max(coalesce(last_parts.resource_name, id)) as part,
        min(complete_reads.read_at) as changed_at
    from last_parts
    inner join complete_reads using (scope, backup_id, id)
    inner join windows using (scope)
    where complete_reads.read_at >= windows.starts_at
    group by scope, backup_id, id
),

flags as (
    -- Encryption is in extend_info, for a server in that of its disks; it may only be added.
    -- Whether a policy made a backup never changes.
    select scope, top_backup_id, level, backup_id, encrypted, auto_trigger, valid_from, valid_to
    from history.extend_info_closed
    where encrypted is not null or auto_trigger is not null
),

later_flags as (
    select scope, top_backup_id, level, backup_id, encrypted, auto_trigger, valid_from
    from flags
    union all
    select
        scope,
        top_backup_id,
        level,
        backup_id,
        encrypted,
        auto_trigger,
        cast(null as timestamp) as valid_from
    from cbr.extend_info
),

changed_flags as (
    select
        flags.scope,
        flags.top_backup_id as backup_id,
        flags.valid_to as changed_at,
        flags.encrypted and not later_flags.encrypted as is_decrypted,
        case when flags.level = 'backup' then flags.auto_trigger end as old_trigger,
        case when flags.level = 'backup' then later_flags.auto_trigger end as new_trigger
    from flags
    inner join later_flags
        on flags.scope = later_flags.scope
        and flags.top_backup_id = later_flags.top_backup_id
        and flags.level = later_flags.level
        and flags.backup_id = later_flags.backup_id
        and (later_flags.valid_from is null or later_flags.valid_from >= flags.valid_to)
    inner join points on flags.scope = points.scope and flags.top_backup_id = points.backup_id
    where (points.gone_at is null or flags.valid_to < points.gone_at)
        and (
            (flags.encrypted and not later_flags.encrypted)
            or flags.auto_trigger <> later_flags.auto_trigger
        )
),

changes as (
    select scope, backup_id, changed_at, field, old_value, value as new_value
    from differing_values
    union all
    select distinct
        scope,
        backup_id,
        changed_at,
        'encrypted' as field,
        'true' as old_value,
        'false' as new_value
    from changed_flags
    where is_decrypted
    union all
    select distinct
        scope,
        backup_id,
        changed_at,
        'auto_trigger' as field,
        cast(old_trigger as varchar) as old_value,
        cast(new_trigger as varchar) as new_value
    from changed_flags
    where old_trigger <> new_trigger
    union all
    select distinct
        scope,
        backup_id,
        valid_to as changed_at,
        'part' as field,
        part as old_value,
        'changed' as new_value
    from part_pairs
    where is_changed
    union all
    select
        scope,
        backup_id,
        changed_at,
        'children' as field,
        part as old_value,
        cast(null as varchar) as new_value
    from removed_parts
)

select
    scope,
    windows.snapshot_id,
    changes.backup_id, -- VARCHAR: ID of the backup.
    changes.changed_at, -- TIMESTAMP: First complete snapshot with the change.
    changes.field, -- VARCHAR: Name of the changed field.
    changes.old_value, -- VARCHAR: Value before the change.
    changes.new_value -- VARCHAR: Value after the change.
from changes
inner join windows using (scope)
where changes.changed_at >= windows.starts_at
