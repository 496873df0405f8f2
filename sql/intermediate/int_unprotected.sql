-- One row a resource without a dependable local recovery point within its RPO: since when, as far as all snapshots tell.
-- A point protects until its RPO is over, until it expires, or until the first snapshot that can't rely on it any more.
with demands as (
    select
        *,
        rpo_hours + grace_hours as limit_hours
    from intermediate.int_requirements
    where not only_replicas
),

summaries as (
    select * from intermediate.int_resource_summary
),

unprotected as (
    select
        demands.scope,
        demands.snapshot_id,
        demands.as_of,
        demands.resource_id,
        demands.limit_hours,
        demands.lost_at,
        summaries.first_attempt_at
    from demands
    left join summaries using (scope, snapshot_id, resource_id)
    where summaries.last_rp_time is null
        or summaries.last_rp_time < demands.as_of - demands.limit_hours * interval '1' hour
),

attempts as (
    select * from intermediate.int_attempts
),

parts as (
    select
        *,
        coalesce(nullif(resource_id, ''), 'resource of backup ' || id) as disk_id
    from history.children_closed
),

points as (
    select * from intermediate.int_resource_points where server_id is not null and not is_replica and not is_future
),

protections as (
    select
        unprotected.scope,
        unprotected.snapshot_id,
        unprotected.resource_id,
        attempts.created_at as begun_at,
        case
            when attempts.was_usable
                then least(
                    attempts.rp_time + unprotected.limit_hours * interval '1' hour,
                    coalesce(attempts.dependable_until, unprotected.as_of)
                )
            -- It was never seen but while it was being deleted: until then it may have been good.
            when attempts.outcome = 'removed' and attempts.status in ('deleting', 'waiting_delete')
                then least(attempts.rp_time + unprotected.limit_hours * interval '1' hour, attempts.first_seen)
        end as ends_at
    from unprotected
    inner join attempts using (scope, snapshot_id, resource_id)
    union all
    select
        unprotected.scope,
        unprotected.snapshot_id,
        unprotected.resource_id,
        attempts.created_at as begun_at,
        case
            when attempts.was_usable and parts.status in ('available', 'restoring', 'waiting_restore')
                then least(
                    attempts.rp_time + unprotected.limit_hours * interval '1' hour,
                    coalesce(attempts.dependable_until, unprotected.as_of),
                    coalesce(parts.expired_at, unprotected.as_of),
                    parts.valid_to
                )
        end as ends_at
    from unprotected
    inner join parts on unprotected.scope = parts.scope and unprotected.resource_id = parts.disk_id
    inner join attempts
        on unprotected.scope = attempts.scope
        and unprotected.snapshot_id = attempts.snapshot_id
        and parts.backup_id = attempts.backup_id
    union all
    select
        unprotected.scope,
        unprotected.snapshot_id,
        unprotected.resource_id,
        points.created_at as begun_at,
        case
            when points.is_usable and points.rp_time is not null
                then least(
                    points.rp_time + unprotected.limit_hours * interval '1' hour,
                    coalesce(points.expired_at, unprotected.as_of),
                    unprotected.as_of
                )
        end as ends_at
    from unprotected
    inner join points using (scope, snapshot_id, resource_id)
),

latest as (
    select
        scope,
        snapshot_id,
        resource_id,
        max(ends_at) as ended_at,
        min(begun_at) as begun_at
    from protections
    group by scope, snapshot_id, resource_id
),

dated as (
    select
        unprotected.*,
        coalesce(latest.ended_at, latest.begun_at, unprotected.first_attempt_at, unprotected.lost_at) as since_at
    from unprotected
    left join latest using (scope, snapshot_id, resource_id)
)

select
    scope,
    snapshot_id,
    resource_id, -- VARCHAR: Id of the resource.
    case when since_at > as_of then as_of else since_at end as unprotected_since -- TIMESTAMP: When the last protection ended; of a resource that never had any, its first attempt.
from dated
