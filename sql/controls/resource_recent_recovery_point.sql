-- One row a resource: is its newest dependable recovery point, made where it is, within its RPO?
-- id: resource-recent-recovery-point
-- title: Resource has a dependable local recovery point within its RPO
-- severity: critical
-- version: 1
-- subject: resource
-- parameters: rpo_hours, grace_hours
-- standards: NIST SP 800-53 CP-9(a); ISO/IEC 27001 A.8.13; CIS 11.2; GB/T 22239-2019 8.1.4.9 a); DORA 12(1); C5 OPS-06
-- remedy: Start a backup now, then find out why the schedule did not: vault full, policy disabled, agent or disk in error.
with resources as (
    select * from intermediate.int_resources
),

snapshots as (
    select * from staging.stg_snapshots
),

tiers as (
    select * from policy.tiers
),

points as (
    select * from intermediate.int_resource_points where not is_replica
),

replicas as (
    select * from intermediate.int_resource_points where is_replica
),

latest as (
    -- The last times first, so that only what has one of them is put in order.
    select
        scope,
        snapshot_id,
        resource_id,
        max(created_at) as last_created_at,
        max(rp_time) filter (where is_dependable) as last_rp_time,
        count(*) filter (where is_dependable) as depth
    from points
    group by scope, snapshot_id, resource_id
),

dependable as (
    select
        p.scope,
        p.snapshot_id,
        p.resource_id,
        p.backup_id,
        p.rp_time,
        l.depth,
        row_number() over (partition by p.scope, p.snapshot_id, p.resource_id order by p.backup_id) as place
    from points as p
    inner join latest as l
        on p.scope = l.scope and p.snapshot_id = l.snapshot_id and p.resource_id = l.resource_id
    where p.is_dependable and (p.rp_time = l.last_rp_time or l.last_rp_time is null)
),

newest as (
    select * from dependable where place = 1
),

attempts as (
    select
        p.scope,
        p.snapshot_id,
        p.resource_id,
        p.backup_id,
        p.status,
        row_number() over (partition by p.scope, p.snapshot_id, p.resource_id order by p.backup_id) as place
    from points as p
    inner join latest as l
        on p.scope = l.scope and p.snapshot_id = l.snapshot_id and p.resource_id = l.resource_id
    where p.created_at = l.last_created_at or l.last_created_at is null
),

newest_attempt as (
    select * from attempts where place = 1
),

seen as (
    -- What tells since when nothing is left: the last usable point's expiry, the latest change of one that is being
    -- deleted, else the first attempt on record.
    select
        scope,
        snapshot_id,
        resource_id,
        count(*) as attempts,
        count(*) filter (where is_dependable is null) as unreadable,
        max(expired_at) filter (where is_usable) as last_expiry,
        max(coalesce(updated_at, created_at)) filter (where state = 'going') as last_going,
        min(created_at) as first_attempt
    from points
    group by scope, snapshot_id, resource_id
),

at_home as (
    select distinct scope, resource_id from points
),

places as (
    -- Every place that was ever read, and whether it has a complete snapshot.
    select scope, project_id, region, bool_or(is_current) as is_read
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
        bool_or(coalesce(s.is_read, false)) as is_read,
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
        r.scope,
        r.snapshot_id,
        r.resource_id,
        r.only_replicas,
        coalesce(o.is_at_home, false) as is_at_home,
        coalesce(o.is_known, false) as origin_is_known,
        coalesce(o.is_named, false) as origin_is_named,
        coalesce(o.is_read, false) as origin_is_read,
        n.backup_id as newest_backup_id,
        n.rp_time as newest_rp_at,
        coalesce(n.depth, 0) as depth,
        a.backup_id as newest_attempt_id,
        a.status as newest_attempt_status,
        coalesce(p.attempts, 0) as attempts,
        coalesce(p.unreadable, 0) as unreadable,
        t.rpo_hours + t.grace_hours as limit_hours,
        greatest(date_diff('second', date_trunc('second', n.rp_time), date_trunc('second', s.as_of)), 0) as age_seconds,
        n.rp_time >= s.as_of - (t.rpo_hours + t.grace_hours) * interval '1' hour as is_recent,
        case
            when n.rp_time is not null then n.rp_time + (t.rpo_hours + t.grace_hours) * interval '1' hour
            when p.last_expiry <= s.as_of then p.last_expiry
            when coalesce(p.last_going, p.first_attempt) > s.as_of then s.as_of
            else coalesce(p.last_going, p.first_attempt)
        end as unprotected_since
    from resources as r
    inner join snapshots as s on r.scope = s.scope and r.snapshot_id = s.snapshot_id
    inner join tiers as t on r.tier = t.tier
    left join newest as n
        on r.scope = n.scope and r.snapshot_id = n.snapshot_id and r.resource_id = n.resource_id
    left join newest_attempt as a
        on r.scope = a.scope and r.snapshot_id = a.snapshot_id and r.resource_id = a.resource_id
    left join seen as p
        on r.scope = p.scope and r.snapshot_id = p.snapshot_id and r.resource_id = p.resource_id
    left join origins as o
        on r.scope = o.scope and r.snapshot_id = o.snapshot_id and r.resource_id = o.resource_id
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
            when unreadable > 0 then 'unknown'
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
        when 'source_not_read' then 'Only copies are kept here; they come from a place that is not read.'
        when 'source_not_known' then 'Only copies are kept here, and no record says where they come from.'
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
