-- One row a resource and day of the window: was it within its RPO? The worst of the day counts. What the policy takes out
-- of scope is listed, and not judged.
-- kind: view
with days as (
    select * from policy.days where is_past
),

demands as (
    select * from intermediate.int_requirements where not only_replicas
),

gaps as (
    select * from intermediate.int_gaps where is_breach
),

attempts as (
    select * from intermediate.int_attempts where is_in_window
),

points as (
    select * from intermediate.int_resource_points where not is_replica
),

snapshots as (
    select * from meta.snapshots where complete
),

sightings as (
    select scope, snapshot_id, resource_id, created_at, case when is_usable then rp_time end as rp_time
    from points
    union all
    select scope, snapshot_id, resource_id, created_at, case when was_usable then rp_time end as rp_time
    from attempts
),

firsts as (
    select
        scope,
        snapshot_id,
        resource_id,
        min(created_at) as first_attempt_at,
        min(rp_time) as first_point_at
    from sightings
    group by scope, snapshot_id, resource_id
),

observed as (
    select
        d.scope,
        d.snapshot_id,
        d.day,
        count(s.as_of) as snapshots
    from days as d
    left join snapshots as s on d.scope = s.scope and s.as_of >= d.starts_at and s.as_of < d.ends_at
    group by d.scope, d.snapshot_id, d.day
),

late as (
    select
        g.scope,
        g.snapshot_id,
        g.resource_id,
        d.day,
        max(g.hours) as worst_gap_hours,
        bool_or(
            g.gap_start + e.rpo_hours * interval '1' hour <= d.starts_at and g.gap_end >= d.ends_at
        ) as is_missed
    from gaps as g
    inner join demands as e
        on g.scope = e.scope and g.snapshot_id = e.snapshot_id and g.resource_id = e.resource_id
    inner join days as d
        on g.scope = d.scope
        and g.snapshot_id = d.snapshot_id
        and g.gap_start + e.rpo_hours * interval '1' hour < d.ends_at
        and g.gap_end > d.starts_at
    group by g.scope, g.snapshot_id, g.resource_id, d.day
),

begun as (
    select
        a.scope,
        a.snapshot_id,
        a.resource_id,
        d.day,
        count(*) filter (where a.outcome = 'succeeded') as points,
        count(*) filter (where a.outcome = 'failed') as failures
    from attempts as a
    inner join days as d
        on a.scope = d.scope
        and a.snapshot_id = d.snapshot_id
        and a.created_at >= d.starts_at
        and a.created_at < d.ends_at
    group by a.scope, a.snapshot_id, a.resource_id, d.day
)

select
    e.scope,
    e.snapshot_id,
    e.resource_id,
    e.resource_name,
    e.tier,
    d.day,
    case
        when e.exclusion_id is not null then 'out_of_scope'
        when l.is_missed then 'missed'
        when l.day is not null then 'late'
        when b.points = 0 and b.failures > 0 then 'failed_only'
        when b.points > 0 then 'ok'
        when o.snapshots = 0 then 'no_snapshot'
        when f.first_point_at < d.ends_at then 'ok'
        when f.first_attempt_at < d.starts_at then 'missed'
        else 'no_snapshot'
    end as status, -- VARCHAR: out_of_scope by the policy; ok; late: beyond the RPO for a part of the day; missed: for all of it, or there never was a point; failed_only; no_snapshot: nothing was read that day, and no point is of it, or the resource was not known yet.
    coalesce(b.points, 0) as points, -- BIGINT: Its own backups of that day that ended well.
    coalesce(b.failures, 0) as failures, -- BIGINT: Those that failed.
    case when e.exclusion_id is null then l.worst_gap_hours end as worst_gap_hours -- DOUBLE: The longest gap that reaches into the day beyond the RPO.
from demands as e
inner join days as d on e.scope = d.scope and e.snapshot_id = d.snapshot_id
inner join observed as o on d.scope = o.scope and d.snapshot_id = o.snapshot_id and d.day = o.day
left join late as l
    on e.scope = l.scope and e.snapshot_id = l.snapshot_id and e.resource_id = l.resource_id and d.day = l.day
left join firsts as f
    on e.scope = f.scope and e.snapshot_id = f.snapshot_id and e.resource_id = f.resource_id
left join begun as b
    on e.scope = b.scope and e.snapshot_id = b.snapshot_id and e.resource_id = b.resource_id and d.day = b.day
