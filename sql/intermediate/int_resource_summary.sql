-- One row per resource that has recovery points where it lives: the newest ones, and how many there
-- are.
with points as (
    -- What is dated later than the reading tells nothing of what was done last.
    select
        *,
        is_usable and rp_time is not null as is_timed,
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
        count(*) filter (where is_timed) as usable_points,
        count(*) filter (where is_timed and is_dependable) as lasting_points,
        min(coalesce(server_id, '')) filter (where is_timed) as first_server_id,
        max(coalesce(server_id, '')) filter (where is_timed) as last_server_id,
        count(*) filter (where is_dependable is null) as unreadable,
        count(*) filter (where is_dependable) as depth,
        count(distinct case when is_dependable then cast(rp_time as date) end) as distinct_days,
        max(begun_at) as last_created_at,
        max(created_at) filter (where is_finished) as last_finished_at,
        count(*) filter (where is_finished and created_at is null and not is_usable)
            as undated_failures,
        count(*) filter (where is_dependable and server_id is null and not detail_loaded)
            as unread_points,
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

candidates as (
    select
        points.*,
        points.is_dependable
        and (points.rp_time = totals.last_rp_time or totals.last_rp_time is null) as is_newest,
        points.begun_at = totals.last_created_at
        or totals.last_created_at is null as is_newest_attempt,
        points.is_finished
        and (points.created_at = totals.last_finished_at or totals.last_finished_at is null)
            as is_newest_finished
    from points
    inner join totals using (scope, resource_id)
),

last_points as (
    -- Whatever has one of the last times.
    select
        scope,
        resource_id,
        backup_id,
        status,
        state,
        is_usable,
        is_newest,
        is_newest_attempt,
        is_newest_finished
    from candidates
    where is_newest or is_newest_attempt or is_newest_finished
),

newest_points as (
    -- Of several attempts the one whose id comes last is the newest.
    select
        scope,
        resource_id,
        min(backup_id) filter (where is_newest) as newest_backup_id,
        max(backup_id) filter (where is_newest_attempt) as newest_attempt_id,
        max(backup_id) filter (where is_newest_finished) as newest_finished_id
    from last_points
    group by scope, resource_id
)

select
    totals.scope,
    totals.snapshot_id,
    totals.resource_id, -- VARCHAR: ID of the resource.
    totals.attempts, -- BIGINT: Backups of any status.
    totals.usable_points, -- BIGINT: Those that can be restored from, and carry a time.
    totals.lasting_points, -- BIGINT: Those of them that are dependable.
    -- Of the servers whose backups they are part of; empty where one is its own.
    totals.first_server_id, -- VARCHAR: The first of these servers.
    totals.last_server_id, -- VARCHAR: The last of them.
    totals.unreadable, -- BIGINT: Usable ones whose expiry can't be read.
    totals.depth, -- BIGINT: How many dependable points there are.
    totals.distinct_days, -- BIGINT: Days (UTC) that they are of.
    totals.last_rp_time, -- TIMESTAMP: The moment that the newest dependable point brings back.
    totals.last_auto_at, -- TIMESTAMP: The same of those that a policy made.
    totals.last_unsaid_at, -- TIMESTAMP: The same of those that do not say who made them.
    totals.last_full_at, -- TIMESTAMP: The same of those that are full backups.
    coalesce(totals.tells_full, false)
        as tells_full, -- BOOLEAN: Any of them says whether it is full.
    coalesce(totals.has_endless, false) as has_endless, -- BOOLEAN: Any of them has no expiry.
    totals.last_dependable_expiry, -- TIMESTAMP: When the last of them expires.
    totals.last_expiry, -- TIMESTAMP: When the last usable point expires, or did.
    totals.last_going_at, -- TIMESTAMP: When one that is being deleted changed last.
    totals.undated_failures, -- BIGINT: Finished ones that failed, or may have, and carry no time.
    totals.unread_points, -- BIGINT: Dependable backups whose details were not read.
    totals.first_attempt_at, -- TIMESTAMP: When the first backup on record was made.
    newest_points.newest_backup_id, -- VARCHAR: The newest dependable point.
    newest_points.newest_attempt_id, -- VARCHAR: The newest backup of all, finished or not.
    attempts.status as newest_attempt_status, -- VARCHAR: Its status.
    newest_points.newest_finished_id, -- VARCHAR: The newest backup that is finished, well or not.
    finished.status as newest_finished_status, -- VARCHAR: Its status.
    totals.last_finished_at, -- TIMESTAMP: When the newest finished backup was made.
    finished.state as newest_finished_state, -- VARCHAR: usable, failed or unknown.
    finished.is_usable as newest_finished_is_usable -- BOOLEAN: It can be restored from.
from totals
inner join newest_points using (scope, resource_id)
left join last_points as attempts
    on newest_points.scope = attempts.scope
    and newest_points.resource_id = attempts.resource_id
    and newest_points.newest_attempt_id = attempts.backup_id
left join last_points as finished
    on newest_points.scope = finished.scope
    and newest_points.resource_id = finished.resource_id
    and newest_points.newest_finished_id = finished.backup_id
