-- One row per resource without a dependable local recovery point within its RPO: since when it is
-- unprotected, according to all snapshots. A point protects until its RPO is exceeded, until it
-- expires, or until the first snapshot in which it is not dependable. A point dated in the future
-- protects nothing.
with unprotected as (
    select
        scope,
        requirements.snapshot_id,
        requirements.as_of,
        resource_id,
        requirements.rpo_hours + requirements.grace_hours as limit_hours,
        coalesce(summaries.first_attempt_at, requirements.lost_at) as first_known_at
    from intermediate.int_requirements as requirements
    left join intermediate.int_resource_summary as summaries using (scope, resource_id)
    where not requirements.only_replicas
        and (
            summaries.last_rp_time is null
            or summaries.last_rp_time
                < requirements.as_of
                - (requirements.rpo_hours + requirements.grace_hours) * interval '1' hour
        )
),

protections as (
    select
        scope,
        resource_id,
        attempts.created_at as begun_at,
        case
            when attempts.was_usable
                then least(
                    attempts.rp_time + unprotected.limit_hours * interval '1' hour,
                    coalesce(attempts.dependable_until, unprotected.as_of)
                )
            -- Only seen while it was being deleted, so it may have been usable before.
            when attempts.outcome = 'removed' and attempts.state = 'going'
                then least(
                    attempts.rp_time + unprotected.limit_hours * interval '1' hour,
                    attempts.first_seen
                )
        end as ends_at
    from unprotected
    inner join intermediate.int_attempts as attempts using (scope, resource_id)
    union all
    select
        scope,
        unprotected.resource_id,
        attempts.created_at as begun_at,
        case
            when attempts.was_usable and parts.is_usable
                then least(
                    attempts.rp_time + unprotected.limit_hours * interval '1' hour,
                    coalesce(attempts.dependable_until, unprotected.as_of),
                    coalesce(parts.expired_at, unprotected.as_of),
                    parts.valid_to
                )
        end as ends_at
    from unprotected
    inner join staging.stg_closed_parts as parts using (scope, resource_id)
    inner join intermediate.int_attempts as attempts using (scope, backup_id)
    union all
    select
        scope,
        resource_id,
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
    inner join intermediate.int_resource_points as points using (scope, resource_id)
    where points.server_id is not null and not points.is_replica and not points.is_future
),

last_protections as (
    select
        scope,
        resource_id,
        coalesce(max(ends_at), min(begun_at)) as ended_at
    from protections
    group by scope, resource_id
),

future_points as (
    -- What has only points dated in the future is known since the first of them was seen.
    select scope, resource_id, min(lives.first_seen) as first_seen
    from unprotected
    inner join intermediate.int_resource_points as points using (scope, resource_id)
    inner join history.backup_lifecycle as lives using (scope, backup_id)
    where unprotected.first_known_at > unprotected.as_of
    group by scope, resource_id
),

unprotected_starts as (
    select
        unprotected.*,
        coalesce(
            last_protections.ended_at, future_points.first_seen, unprotected.first_known_at
        ) as since_at
    from unprotected
    left join last_protections using (scope, resource_id)
    left join future_points using (scope, resource_id)
)

select
    scope,
    snapshot_id,
    resource_id, -- VARCHAR: ID of the resource.
    -- For a resource that was never protected, the time of its first backup.
    case
        when since_at > as_of then as_of
        else since_at
    end as unprotected_since -- TIMESTAMP: End of the last protection.
from unprotected_starts
