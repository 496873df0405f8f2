-- One row per recovery point and snapshot that a fold compares: the previous one (side was) and the
-- new one (side now).
with backups as (
    select 'was' as side, * from was.backups
    union all
    select 'now' as side, * from now.backups
),

trigger_flags as (
    select 'was' as side, backup_id as id, auto_trigger from was.extend_info where level = 'backup'
    union all
    select 'now' as side, backup_id as id, auto_trigger from now.extend_info where level = 'backup'
),

claimed_parts as (
    -- Some services also list the parts of a backup. Only backups with a parent_id are checked.
    select side, id from backups where coalesce(parent_id, '') <> ''
),

children as (
    select 'was' as side, id from was.children
    union all
    select 'now' as side, id from now.children
),

parts as (
    select distinct side, id
    from children
    inner join claimed_parts using (side, id)
),

point_states as (
    select
        backups.*,
        earlier.first_seen,
        earlier.dependable_until,
        case
            -- A backup that was once marked as manual stays manual.
            when earlier.was_manual then false
            when trigger_flags.auto_trigger is not null then trigger_flags.auto_trigger
            when starts_with(backups.name, 'autobk_') then true
            when starts_with(backups.name, 'manualbk_') then false
        end as is_auto,
        json_extract_string(backups.extra, '$.expired_at') is not null as is_expiry_unreadable,
        coalesce(statuses.state = 'usable', false) as is_usable,
        coalesce(statuses.state = 'going', false) as is_going,
        coalesce(earlier.was_usable, false) as was_usable,
        coalesce(earlier.was_failed, false)
        or coalesce(statuses.state = 'failed', false) as was_failed
    from backups
    left join fold.statuses as statuses using (status)
    left join trigger_flags using (side, id)
    left join parts using (side, id)
    left join was.backups_open as earlier on backups.id = earlier.id
    where coalesce(backups.parent_id, '') = '' or parts.id is null
)

select
    side, -- VARCHAR: Snapshot: was or now.
    scope,
    id,
    resource_id,
    resource_name,
    resource_type,
    enterprise_project_id,
    coalesce(vault_id, '') as vault_id, -- VARCHAR: ID of its vault, or empty.
    image_type,
    status,
    created_at,
    protected_at,
    updated_at,
    expired_at,
    first_seen, -- TIMESTAMP: First complete snapshot with the backup, as of the previous snapshot.
    is_auto, -- BOOLEAN: Whether a policy made the backup, by flag or name. Null if unknown.
    is_expiry_unreadable, -- BOOLEAN: Whether its expiry date cannot be read.
    is_usable, -- BOOLEAN: Whether it is usable.
    is_going, -- BOOLEAN: Whether it is being deleted.
    -- BOOLEAN: Whether it was usable in this or an earlier snapshot.
    is_usable or was_usable as was_usable,
    -- TIMESTAMP: When it stopped being dependable, as of the previous snapshot. Null while
    -- dependable.
    dependable_until,
    was_failed, -- BOOLEAN: Whether it was failed in this or an earlier snapshot.
    -- BOOLEAN: Whether it was or may have been usable, according to all snapshots.
    is_usable or was_usable or (is_going and not was_failed) as was_made,
    -- BOOLEAN: Whether a policy made it and it has no expiry.
    coalesce(is_auto, false) and expired_at is null and not is_expiry_unreadable as is_kept_by_count
from point_states
