-- One row a resource that has recovery points where it lives: the newest ones, and how many there are.
with points as (
    -- What is dated later than the reading tells nothing of what was done last.
    select
        *,
        state in ('usable', 'failed', 'unknown') and not is_future as is_finished,
        case when not is_future then created_at end as begun_at
    from intermediate.int_resource_points
    where not is_replica
),

totals as (
    select
        scope,
        snapshot_id,
        resource_id,
        count(*) as attempts,
        count(*) filter (where is_usable and rp_time is not null) as usable_points,
        count(*) filter (where is_usable and rp_time is not null and is_dependable) as lasting_points,
        min(coalesce(server_id, '')) filter (where is_usable and rp_time is not null) as first_server_id,
        max(coalesce(server_id, '')) filter (where is_usable and rp_time is not null) as last_server_id,
        count(*) filter (where is_dependable is null) as unreadable,
        count(*) filter (where is_dependable) as depth,
        count(distinct case when is_dependable then cast(rp_time as date) end) as distinct_days,
        max(begun_at) as last_created_at,
        max(created_at) filter (where is_finished) as last_finished_at,
        count(*) filter (where is_finished and created_at is null and not is_usable) as undated_failures,
        count(*) filter (where is_dependable and server_id is null and not detail_loaded) as unread_points,
        max(rp_time) filter (where is_dependable) as last_rp_time,
        max(rp_time) filter (where is_dependable and is_auto) as last_auto_at,
        max(rp_time) filter (where is_dependable and is_auto is null) as last_unsaid_at,
        max(rp_time) filter (where is_dependable and not is_incremental) as last_full_at,
        bool_or(is_dependable and is_incremental is not null) as tells_full,
        bool_or(is_dependable and expired_at is null) as has_endless,
        max(expired_at) filter (where is_dependable) as last_dependable_expiry,
        max(expired_at) filter (where is_usable) as last_expiry,
        max(coalesce(updated_at, created_at)) filter (where state = 'going') as last_going_at,
        min(created_at) as first_attempt_at
    from points
    group by scope, snapshot_id, resource_id
),

marked as (
    -- Whatever has one of the last times. Of several attempts the one whose id comes last is the newest.
    select
        p.scope,
        p.snapshot_id,
        p.resource_id,
        p.backup_id,
        p.status,
        p.state,
        p.is_usable,
        p.is_dependable and (p.rp_time = t.last_rp_time or t.last_rp_time is null) as is_newest,
        p.begun_at = t.last_created_at or t.last_created_at is null as is_attempt,
        p.is_finished and (p.created_at = t.last_finished_at or t.last_finished_at is null) as is_last_finished
    from points as p
    inner join totals as t
        on p.scope = t.scope and p.snapshot_id = t.snapshot_id and p.resource_id = t.resource_id
    where p.begun_at = t.last_created_at
        or t.last_created_at is null
        or (p.is_finished and (p.created_at = t.last_finished_at or t.last_finished_at is null))
        or (p.is_dependable and (p.rp_time = t.last_rp_time or t.last_rp_time is null))
),

chosen as (
    select
        scope,
        snapshot_id,
        resource_id,
        min(backup_id) filter (where is_newest) as newest_backup_id,
        max(backup_id) filter (where is_attempt) as newest_attempt_id,
        max(backup_id) filter (where is_last_finished) as newest_finished_id
    from marked
    group by scope, snapshot_id, resource_id
)

select
    t.scope,
    t.snapshot_id,
    t.resource_id, -- VARCHAR: Id of the resource.
    t.attempts, -- BIGINT: Backups of any status.
    t.usable_points, -- BIGINT: Those that can be restored from, and carry a time.
    t.lasting_points, -- BIGINT: Those of them that are dependable.
    t.first_server_id, -- VARCHAR: The first of the servers whose backups they are part of; empty where one is its own.
    t.last_server_id, -- VARCHAR: The last of them.
    t.unreadable, -- BIGINT: Usable ones whose expiry can't be read.
    t.depth, -- BIGINT: How many dependable points there are.
    t.distinct_days, -- BIGINT: Days (UTC) that they are of.
    t.last_rp_time, -- TIMESTAMP: The moment that the newest dependable point brings back.
    t.last_auto_at, -- TIMESTAMP: The same of those that a policy made.
    t.last_unsaid_at, -- TIMESTAMP: The same of those that do not say who made them.
    t.last_full_at, -- TIMESTAMP: The same of those that are full backups.
    coalesce(t.tells_full, false) as tells_full, -- BOOLEAN: Any of them says whether it is full.
    coalesce(t.has_endless, false) as has_endless, -- BOOLEAN: Any of them has no expiry.
    t.last_dependable_expiry, -- TIMESTAMP: When the last of them expires.
    t.last_expiry, -- TIMESTAMP: When the last usable point expires, or did.
    t.last_going_at, -- TIMESTAMP: When one that is being deleted changed last.
    t.undated_failures, -- BIGINT: Finished backups that failed, or may have, and carry no time.
    t.unread_points, -- BIGINT: Dependable backups whose details were not read.
    t.first_attempt_at, -- TIMESTAMP: When the first backup on record was made.
    c.newest_backup_id, -- VARCHAR: The newest dependable point.
    c.newest_attempt_id, -- VARCHAR: The newest backup of all, finished or not.
    a.status as newest_attempt_status, -- VARCHAR: State of the newest backup of all, finished or not.
    c.newest_finished_id, -- VARCHAR: The newest backup that is finished, well or not.
    f.status as newest_finished_status, -- VARCHAR: Its state.
    t.last_finished_at, -- TIMESTAMP: When the newest finished backup was made.
    f.state as newest_finished_state, -- VARCHAR: usable, failed or unknown.
    f.is_usable as newest_finished_is_usable -- BOOLEAN: It can be restored from.
from totals as t
inner join chosen as c
    on t.scope = c.scope and t.snapshot_id = c.snapshot_id and t.resource_id = c.resource_id
left join marked as a
    on c.scope = a.scope
    and c.snapshot_id = a.snapshot_id
    and c.resource_id = a.resource_id
    and c.newest_attempt_id = a.backup_id
left join marked as f
    on c.scope = f.scope
    and c.snapshot_id = f.snapshot_id
    and c.resource_id = f.resource_id
    and c.newest_finished_id = f.backup_id
