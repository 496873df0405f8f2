-- One row per resource with recovery points that are not copies: the newest ones, and their number.
with points as (
    -- Points dated after as_of are not used to find the newest one.
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
    -- Points that have one of the latest times.
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
    -- Of points with the same time, the one with the highest ID counts as the newest.
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
    totals.attempts, -- BIGINT: Number of backups of any status.
    totals.usable_points, -- BIGINT: Number of usable points that have a time.
    totals.lasting_points, -- BIGINT: Number of these points that are dependable.
    -- IDs of the servers whose backups these points are part of; empty for own backups.
    totals.first_server_id, -- VARCHAR: Lowest of these IDs.
    totals.last_server_id, -- VARCHAR: Highest of these IDs.
    totals.unreadable, -- BIGINT: Number of usable points whose expiry cannot be read.
    totals.depth, -- BIGINT: Number of dependable points.
    totals.distinct_days, -- BIGINT: Number of days (UTC) on which dependable points were captured.
    totals.last_rp_time, -- TIMESTAMP: Capture time of the newest dependable point.
    totals.last_auto_at, -- TIMESTAMP: Capture time of the newest dependable point made by a policy.
    -- TIMESTAMP: Capture time of the newest dependable point of unknown origin.
    totals.last_unsaid_at,
    totals.last_full_at, -- TIMESTAMP: Capture time of the newest dependable full backup.
    coalesce(totals.tells_full, false)
        as tells_full, -- BOOLEAN: Whether any dependable point reports whether it is full.
    -- BOOLEAN: Whether any dependable point has no expiry.
    coalesce(totals.has_endless, false) as has_endless,
    totals.last_dependable_expiry, -- TIMESTAMP: When the last dependable point expires.
    totals.last_expiry, -- TIMESTAMP: Expiry of the last usable point, past or future.
    totals.last_going_at, -- TIMESTAMP: Latest change of a point that is being deleted.
    -- BIGINT: Number of finished backups without a time that failed or may have failed.
    totals.undated_failures,
    totals.unread_points, -- BIGINT: Number of dependable backups with unread details.
    totals.first_attempt_at, -- TIMESTAMP: Creation time of the first backup on record.
    newest_points.newest_backup_id, -- VARCHAR: ID of the newest dependable point.
    newest_points.newest_attempt_id, -- VARCHAR: ID of the newest backup, finished or not.
    attempts.status as newest_attempt_status, -- VARCHAR: Its status.
    -- VARCHAR: ID of the newest finished backup, successful or not.
    newest_points.newest_finished_id,
    finished.status as newest_finished_status, -- VARCHAR: Its status.
    totals.last_finished_at, -- TIMESTAMP: Creation time of the newest finished backup.
    finished.state as newest_finished_state, -- VARCHAR: usable, failed or unknown.
    finished.is_usable as newest_finished_is_usable -- BOOLEAN: Whether it is usable.
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
