-- One row per recovery point of either snapshot that a fold compares: the one before (side was) and
-- the new one (now).
with backups as (
    select 'was' as side, * from was.backups
    union all
    select 'now' as side, * from now.backups
),

automatic as (
    select 'was' as side, backup_id as id, auto_trigger from was.extend_info where level = 'backup'
    union all
    select 'now' as side, backup_id as id, auto_trigger from now.extend_info where level = 'backup'
),

claimed_parts as (
    -- Some services list the parts of a backup beside it. Few say that they are one, so only these
    -- are looked for.
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

stated as (
    select
        backups.*,
        earlier.first_seen,
        earlier.dependable_until,
        case
            -- What once was made by hand stays so, whatever it says later.
            when earlier.was_manual then false
            when automatic.auto_trigger is not null then automatic.auto_trigger
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
    left join automatic using (side, id)
    left join parts using (side, id)
    left join was.backups_open as earlier on backups.id = earlier.id
    where coalesce(backups.parent_id, '') = '' or parts.id is null
)

select
    side, -- VARCHAR: The snapshot: was or now.
    scope,
    id,
    resource_id,
    resource_name,
    resource_type,
    enterprise_project_id,
    coalesce(vault_id, '') as vault_id, -- VARCHAR: Vault that holds it, or held it; or empty.
    image_type,
    status,
    created_at,
    protected_at,
    updated_at,
    expired_at,
    first_seen, -- TIMESTAMP: The first complete snapshot that has it, as of the one before.
    is_auto, -- BOOLEAN: Whether a policy made the backup, by flag or name. Null if unknown.
    is_expiry_unreadable, -- BOOLEAN: It says when it expires in a form that nobody can read.
    is_usable, -- BOOLEAN: It can be restored from.
    is_going, -- BOOLEAN: It is being removed.
    -- BOOLEAN: This snapshot or an earlier one has it in a state to be restored from.
    is_usable or was_usable as was_usable,
    -- TIMESTAMP: Until when it could be relied on, as of the one before; null while it can.
    dependable_until,
    was_failed, -- BOOLEAN: This snapshot or an earlier one has it as failed.
    -- BOOLEAN: It could be restored from once, as far as any snapshot tells.
    is_usable or was_usable or (is_going and not was_failed) as was_made,
    -- BOOLEAN: A policy made it, and it carries no expiry.
    coalesce(is_auto, false) and expired_at is null and not is_expiry_unreadable as is_kept_by_count
from stated
