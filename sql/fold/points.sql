-- One row a recovery point of either snapshot that a fold compares: the one before (side was) and the new one (now).
with backups as (
    select 'was' as side, * from was.backups
    union all
    select 'now' as side, * from now.backups
),

extend_info as (
    select 'was' as side, backup_id, auto_trigger from was.extend_info where level = 'backup'
    union all
    select 'now' as side, backup_id, auto_trigger from now.extend_info where level = 'backup'
),

claims as (
    -- Some services list the parts of a backup beside it. Few say that they are one, so only these are looked for.
    select side, id from backups where coalesce(parent_id, '') <> ''
),

children as (
    select 'was' as side, id from was.children
    union all
    select 'now' as side, id from now.children
),

parts as (
    select distinct c.side, c.id
    from children as c
    inner join claims as p on c.side = p.side and c.id = p.id
),

since as (
    select id, first_seen, was_usable, was_failed, dependable_until, was_manual from was.backups_open
),

stated as (
    select
        b.*,
        s.first_seen,
        s.dependable_until,
        case
            -- What once was made by hand stays so, whatever it says later.
            when s.was_manual then false
            when e.auto_trigger is not null then e.auto_trigger
            when starts_with(b.name, 'autobk_') then true
            when starts_with(b.name, 'manualbk_') then false
        end as is_auto,
        json_extract_string(b.extra, '$.expired_at') is not null as is_expiry_unreadable,
        coalesce(b.status, '') in ('available', 'restoring', 'waiting_restore') as is_usable,
        coalesce(b.status, '') in ('deleting', 'waiting_delete') as is_going,
        coalesce(s.was_usable, false) as was_usable,
        coalesce(s.was_failed, false) or coalesce(b.status, '') = 'error' as was_failed
    from backups as b
    left join extend_info as e on b.side = e.side and b.id = e.backup_id
    left join parts as p on b.side = p.side and b.id = p.id
    left join since as s on b.id = s.id
    where coalesce(b.parent_id, '') = '' or p.id is null
)

select
    side, -- VARCHAR: The snapshot: was or now.
    scope,
    id,
    resource_id,
    resource_name,
    resource_type,
    enterprise_project_id,
    coalesce(vault_id, '') as vault_id, -- VARCHAR: Vault that holds it, or held it; empty where none is named.
    image_type,
    status,
    created_at,
    protected_at,
    updated_at,
    expired_at,
    first_seen, -- TIMESTAMP: The first complete snapshot that has it, as of the one before.
    is_auto, -- BOOLEAN: Made by a policy; by its flag, else by its name, else null.
    is_expiry_unreadable, -- BOOLEAN: It says when it expires in a form that nobody can read.
    is_usable, -- BOOLEAN: It can be restored from.
    is_going, -- BOOLEAN: It is being removed.
    is_usable or was_usable as was_usable, -- BOOLEAN: This snapshot or an earlier one has it in a state to be restored from.
    dependable_until, -- TIMESTAMP: Until when it could be relied on, as of the one before; null while it can.
    was_failed, -- BOOLEAN: This snapshot or an earlier one has it as failed.
    is_usable or was_usable or (is_going and not was_failed) as was_made, -- BOOLEAN: It could be restored from once, as far as any snapshot tells.
    coalesce(is_auto, false) and expired_at is null and not is_expiry_unreadable as is_kept_by_count -- BOOLEAN: A policy made it, and it carries no expiry.
from stated
