-- One row per resource: is its newest dependable local recovery point within its RPO?
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
--   only_replica_left: fail: Its source scope was read and has no dependable point of it; only a
--     copy is left in this scope.
--   time_not_known: unknown: The newest dependable point has no capture time.
--   expiry_not_readable: unknown: The expiry date of {unreadable} backups cannot be read, so they
--     may have expired.
--   children_not_loaded: unknown: The details of some of its server's backups are unread, and it
--     may be in them.
--   source_not_complete: unknown: Only copies are stored in this scope; their source scope has no
--     complete snapshot since the newest copy.
--   source_not_known: unknown: Only copies are stored in this scope, and no record names their
--     source.
--   source_not_read: not_applicable: Only copies are stored in this scope; their source is not a
--     scope that is read.
--   judged_at_source: not_applicable: Only copies are stored in this scope; the resource is judged
--     in its source scope.
with read_scopes as (
    -- Every scope that was ever read, and when its current snapshot began, if one is complete.
    select scope, project_id, region, max(case when is_current then as_of end) as read_at
    from meta.snapshots
    group by scope, project_id, region
),

copy_sources as (
    -- The source of a resource's copies, as far as it is known.
    select
        replicas.scope,
        replicas.resource_id,
        bool_or(replications.source_project_id is not null) as is_known,
        bool_or(read_scopes.scope is not null) as is_named,
        -- A source that was last read before the newest copy was made does not count as read.
        coalesce(max(read_scopes.read_at) >= max(replicas.created_at), false) as is_read,
        -- What is left there may be failed or expired: then only the copies are left.
        bool_or(coalesce(summaries.depth > 0 or summaries.unreadable > 0, false)) as is_at_home
    from intermediate.int_resource_points as replicas
    left join staging.stg_replications as replications
        on replicas.backup_id = replications.destination_backup_id
    left join read_scopes
        on replications.source_project_id = read_scopes.project_id
        and (replications.source_region = read_scopes.region or read_scopes.region is null)
    left join intermediate.int_resource_summary as summaries
        on read_scopes.scope = summaries.scope and replicas.resource_id = summaries.resource_id
    where replicas.is_replica
    group by replicas.scope, replicas.resource_id
),

newest_points as (
    select
        requirements.*,
        coalesce(copy_sources.is_at_home, false) as is_at_home,
        coalesce(copy_sources.is_known, false) as origin_is_known,
        coalesce(copy_sources.is_named, false) as origin_is_named,
        coalesce(copy_sources.is_read, false) as origin_is_read,
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
    left join copy_sources using (scope, resource_id)
)

-- A resource with copies only is judged in its source scope. It counts as lost only if that scope
-- was read and has no dependable point of it. A point whose expiry cannot be read may be
-- dependable or not.
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
    newest_backup_id, -- VARCHAR: ID of the newest dependable point.
    last_rp_time as newest_rp_at, -- TIMESTAMP: When its data was captured.
    depth, -- BIGINT: Number of dependable points.
    newest_attempt_status, -- VARCHAR: Status of the newest backup, finished or not.
    cast(floor(cast(age_seconds as double) / 3600.0) as bigint) as age_hours,
    cast(floor(cast(age_seconds as double) / 60.0) as bigint) % 60 as age_minutes,
    limit_hours,
    attempts,
    unreadable
from newest_points
