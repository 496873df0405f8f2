-- One row a resource: is its newest dependable recovery point, made where it is, within its RPO?
-- id: resource-recent-recovery-point
-- title: Resource has a dependable local recovery point within its RPO
-- severity: critical
-- version: 2
-- subject: resource
-- worse: higher
-- parameters: rpo_hours, grace_hours
-- remedy: Start a backup now, then find out why the schedule did not: vault full, policy disabled, agent or disk in error.
with demands as (
    select * from intermediate.int_requirements
),

standing as (
    select * from intermediate.int_resource_summary
),

unprotected as (
    select * from intermediate.int_unprotected
),

unread as (
    select * from intermediate.int_unread_parts
),

replicas as (
    select * from intermediate.int_resource_points where is_replica
),

at_home as (
    select scope, resource_id from standing
),

places as (
    -- Every place that was ever read, and when the snapshot of it began that stands, if one is complete.
    select scope, project_id, region, max(case when is_current then as_of end) as read_at
    from meta.snapshots
    group by scope, project_id, region
),

origins as (
    -- What is known of the place that a resource's copies come from.
    select
        r.scope,
        r.snapshot_id,
        r.resource_id,
        bool_or(o.source_project_id is not null) as is_known,
        bool_or(s.scope is not null) as is_named,
        -- A place that was read before the newest copy was made tells nothing of what is there since.
        coalesce(max(s.read_at) >= max(r.created_at), false) as is_read,
        bool_or(h.resource_id is not null) as is_at_home
    from replicas as r
    left join staging.stg_replications as o on r.backup_id = o.destination_backup_id
    left join places as s
        on o.source_project_id = s.project_id and (o.source_region = s.region or s.region is null)
    left join at_home as h on s.scope = h.scope and r.resource_id = h.resource_id
    group by r.scope, r.snapshot_id, r.resource_id
),

measured as (
    select
        d.scope,
        d.snapshot_id,
        d.resource_id,
        d.only_replicas,
        d.lost_at is not null as is_lost,
        coalesce(o.is_at_home, false) as is_at_home,
        coalesce(o.is_known, false) as origin_is_known,
        coalesce(o.is_named, false) as origin_is_named,
        coalesce(o.is_read, false) as origin_is_read,
        p.newest_backup_id,
        p.last_rp_time as newest_rp_at,
        coalesce(p.depth, 0) as depth,
        p.newest_attempt_id,
        p.newest_attempt_status,
        coalesce(p.attempts, 0) as attempts,
        coalesce(p.unreadable, 0) as unreadable,
        d.rpo_hours + d.grace_hours as limit_hours,
        greatest(date_diff('second', date_trunc('second', p.last_rp_time), date_trunc('second', d.as_of)), 0) as age_seconds,
        p.last_rp_time >= d.as_of - (d.rpo_hours + d.grace_hours) * interval '1' hour as is_recent,
        u.unprotected_since,
        coalesce(i.unread_points > 0, false) as may_be_in_unread
    from demands as d
    left join standing as p
        on d.scope = p.scope and d.snapshot_id = p.snapshot_id and d.resource_id = p.resource_id
    left join unprotected as u
        on d.scope = u.scope and d.snapshot_id = u.snapshot_id and d.resource_id = u.resource_id
    left join unread as i
        on d.scope = i.scope and d.snapshot_id = i.snapshot_id and d.resource_id = i.resource_id
    left join origins as o
        on d.scope = o.scope and d.snapshot_id = o.snapshot_id and d.resource_id = o.resource_id
),

judged as (
    -- A resource of which only copies are seen is judged where it lives. It counts as lost only where that
    -- place is read and has nothing of it. A point whose expiry can't be read may or may not be relied on.
    select
        *,
        case
            when only_replicas and is_at_home then 'not_applicable'
            when only_replicas and origin_is_read then 'fail'
            when only_replicas and origin_is_named then 'unknown'
            when only_replicas and origin_is_known then 'not_applicable'
            when only_replicas then 'unknown'
            when is_recent then 'pass'
            when unreadable > 0 or may_be_in_unread then 'unknown'
            when newest_backup_id is null then 'fail'
            when not is_recent then 'fail'
            else 'unknown'
        end as status,
        case
            when only_replicas and is_at_home then 'judged_at_source'
            when only_replicas and origin_is_read then 'only_replica_left'
            when only_replicas and origin_is_named then 'source_not_complete'
            when only_replicas and origin_is_known then 'source_not_read'
            when only_replicas then 'source_not_known'
            when is_recent then 'recent'
            when unreadable > 0 then 'expiry_not_readable'
            when may_be_in_unread then 'children_not_loaded'
            when is_lost then 'lost'
            when newest_backup_id is null then 'none'
            when not is_recent then 'overdue'
            else 'time_not_known'
        end as reason_code
    from measured
)

select
    scope,
    snapshot_id,
    resource_id as subject_id,
    status,
    reason_code,
    case reason_code
        when 'judged_at_source' then 'Only copies are kept here; the resource is judged in the scope where it lives.'
        when 'only_replica_left' then 'The place it lives in is read and has no backup of it; only a copy is left here.'
        when 'source_not_complete' then 'Only copies are kept here; the place they come from was never read whole.'
        when 'expiry_not_readable' then 'It is not known whether ' || cast(unreadable as varchar) || ' backups have expired: the date can not be read.'
        when 'children_not_loaded' then 'The details of backups of its server were not read, so it may be in them.'
        when 'source_not_read' then 'Only copies are kept here; they come from a place that is not read.'
        when 'source_not_known' then 'Only copies are kept here, and no record says where they come from.'
        when 'lost' then 'Its last backup is gone.'
        when 'none' then 'None of ' || cast(attempts as varchar) || ' backups can be relied on.'
        when 'time_not_known' then 'The newest dependable point carries no time.'
        else 'The newest dependable point is '
            || cast(cast(floor(cast(age_seconds as double) / 3600.0) as bigint) as varchar)
            || ' h '
            || cast(cast(floor(cast(age_seconds as double) / 60.0) as bigint) % 60 as varchar)
            || ' min old; the limit is '
            || cast(limit_hours as varchar)
            || ' h.'
    end as reason,
    cast(age_seconds as double) / 3600.0 as measured_value,
    'h' as measured_unit,
    limit_hours as threshold_value,
    case
        when newest_backup_id is not null then array[newest_backup_id]
        when newest_attempt_id is not null then array[newest_attempt_id]
        else cast(array[] as varchar[])
    end as evidence_backup_ids,
    case when status = 'fail' then unprotected_since end as failing_since,
    newest_backup_id, -- VARCHAR: The newest dependable point.
    newest_rp_at, -- TIMESTAMP: The moment that it brings back.
    depth, -- BIGINT: How many dependable points there are.
    newest_attempt_status -- VARCHAR: State of the newest backup of all, finished or not.
from judged
