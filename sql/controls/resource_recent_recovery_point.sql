-- One row per resource: is its newest dependable recovery point, made where it is, within its RPO?
-- id: resource-recent-recovery-point
-- title: Resource has a dependable local recovery point within its RPO
-- severity: critical
-- version: 2
-- subject: resource
-- worse: higher
-- parameters: rpo_hours, grace_hours
-- remedy: Start a backup now, then find out why the schedule did not: vault full, policy disabled,
--   agent or disk in error.
-- reasons:
--   recent: pass: The newest dependable point is {age_hours} h {age_minutes} min old; the limit is
--     {limit_hours} h.
--   overdue: fail: The newest dependable point is {age_hours} h {age_minutes} min old; the limit is
--     {limit_hours} h.
--   none: fail: None of {attempts} backups can be relied on.
--   lost: fail: Its last backup is gone.
--   only_replica_left: fail: The place it lives in is read and has no backup of it; only a copy is
--     left here.
--   time_not_known: unknown: The newest dependable point carries no time.
--   expiry_not_readable: unknown: It is not known whether {unreadable} backups have expired: the
--     date can not be read.
--   children_not_loaded: unknown: The details of backups of its server were not read, so it may be
--     in them.
--   source_not_complete: unknown: Only copies are kept here; the place they come from was never
--     read whole.
--   source_not_known: unknown: Only copies are kept here, and no record says where they come from.
--   source_not_read: not_applicable: Only copies are kept here; they come from a place that is not
--     read.
--   judged_at_source: not_applicable: Only copies are kept here; the resource is judged in the
--     scope where it lives.
with places as (
    -- Every place that was ever read, and when the snapshot of it began that stands, if one is
    -- complete.
    select scope, project_id, region, max(case when is_current then as_of end) as read_at
    from meta.snapshots
    group by scope, project_id, region
),

origins as (
    -- What is known of the place that a resource's copies come from.
    select
        replicas.scope,
        replicas.resource_id,
        bool_or(replications.source_project_id is not null) as is_known,
        bool_or(places.scope is not null) as is_named,
        -- A place that was read before the newest copy was made tells nothing of what is there
        -- since.
        coalesce(max(places.read_at) >= max(replicas.created_at), false) as is_read,
        bool_or(summaries.resource_id is not null) as is_at_home
    from intermediate.int_resource_points as replicas
    left join staging.stg_replications as replications
        on replicas.backup_id = replications.destination_backup_id
    left join places
        on replications.source_project_id = places.project_id
        and (replications.source_region = places.region or places.region is null)
    left join intermediate.int_resource_summary as summaries
        on places.scope = summaries.scope and replicas.resource_id = summaries.resource_id
    where replicas.is_replica
    group by replicas.scope, replicas.resource_id
),

newest_points as (
    select
        requirements.*,
        coalesce(origins.is_at_home, false) as is_at_home,
        coalesce(origins.is_known, false) as origin_is_known,
        coalesce(origins.is_named, false) as origin_is_named,
        coalesce(origins.is_read, false) as origin_is_read,
        summaries.newest_backup_id,
        summaries.last_rp_time,
        coalesce(summaries.depth, 0) as depth,
        summaries.newest_attempt_id,
        summaries.newest_attempt_status,
        coalesce(summaries.attempts, 0) as attempts,
        coalesce(summaries.unreadable, 0) as unreadable,
        requirements.rpo_hours + requirements.grace_hours as limit_hours,
        greatest(
            date_diff(
                'second',
                date_trunc('second', summaries.last_rp_time),
                date_trunc('second', requirements.as_of)
            ),
            0
        ) as age_seconds,
        summaries.last_rp_time
        >= requirements.as_of
        - (requirements.rpo_hours + requirements.grace_hours) * interval '1' hour as is_recent,
        unprotected.unprotected_since,
        coalesce(unread_parts.unread_points > 0, false) as may_be_in_unread
    from intermediate.int_requirements as requirements
    left join intermediate.int_resource_summary as summaries using (scope, resource_id)
    left join intermediate.int_unprotected as unprotected using (scope, resource_id)
    left join intermediate.int_unread_parts as unread_parts using (scope, resource_id)
    left join origins using (scope, resource_id)
)

-- A resource of which only copies are seen is judged where it lives. It counts as lost only where
-- that place is read and has nothing of it. A point whose expiry can't be read may or may not be
-- relied on.
select
    scope,
    snapshot_id,
    resource_id as subject_id,
    case
        when only_replicas and is_at_home then 'judged_at_source'
        when only_replicas and origin_is_read then 'only_replica_left'
        when only_replicas and origin_is_named then 'source_not_complete'
        when only_replicas and origin_is_known then 'source_not_read'
        when only_replicas then 'source_not_known'
        when is_recent then 'recent'
        when unreadable > 0 then 'expiry_not_readable'
        when may_be_in_unread then 'children_not_loaded'
        when lost_at is not null then 'lost'
        when newest_backup_id is null then 'none'
        when not is_recent then 'overdue'
        else 'time_not_known'
    end as reason_code,
    cast(age_seconds as double) / 3600.0 as measured_value,
    'h' as measured_unit,
    limit_hours as threshold_value,
    case
        when newest_backup_id is not null then array[newest_backup_id]
        when newest_attempt_id is not null then array[newest_attempt_id]
    end as evidence_backup_ids,
    unprotected_since as failing_since,
    newest_backup_id, -- VARCHAR: The newest dependable point.
    last_rp_time as newest_rp_at, -- TIMESTAMP: The moment that it brings back.
    depth, -- BIGINT: How many dependable points there are.
    newest_attempt_status, -- VARCHAR: State of the newest backup of all, finished or not.
    cast(floor(cast(age_seconds as double) / 3600.0) as bigint) as age_hours,
    cast(floor(cast(age_seconds as double) / 60.0) as bigint) % 60 as age_minutes,
    limit_hours,
    attempts,
    unreadable
from newest_points
