-- One row an interval between a resource's recovery points that is longer than its RPO and its grace and reaches into the
-- window in which gaps are counted, and one row for the interval that is open, which ends with the reading. Counted are all
-- points that a snapshot ever had as usable.
with demands as (
    select * from intermediate.int_requirements where not only_replicas
),

standing as (
    select * from intermediate.int_resource_summary
),

points as (
    select * from intermediate.int_resource_points where not is_replica and is_usable and rp_time is not null
),

attempts as (
    -- How far back a point may lie that ends before the window: as far as anything is looked at.
    select a.*
    from intermediate.int_attempts as a
    inner join policy.settings as s on a.scope = s.scope and a.snapshot_id = s.snapshot_id
    where a.was_usable
        and (a.gone_at is null or a.gone_at >= a.as_of - s.look_back_days * interval '1' day)
),

first_readings as (
    select scope, min(first_seen) as first_reading_at from history.backup_lifecycle group by scope
),

parts as (
    select
        *,
        coalesce(nullif(resource_id, ''), 'resource of backup ' || id) as disk_id
    from history.children_closed
    where status in ('available', 'restoring', 'waiting_restore')
),

gone as (
    -- Own points that are there no more, or no more in a state to be restored from.
    select
        a.scope,
        a.snapshot_id,
        a.resource_id,
        a.backup_id,
        cast(null as varchar) as server_id,
        a.rp_time
    from attempts as a
    left join points as p
        on a.scope = p.scope
        and a.snapshot_id = p.snapshot_id
        and a.resource_id = p.resource_id
        and a.backup_id = p.backup_id
    where p.backup_id is null
    union all
    select
        a.scope,
        a.snapshot_id,
        c.disk_id as resource_id,
        a.backup_id,
        a.resource_id as server_id,
        a.rp_time
    from attempts as a
    inner join parts as c on a.scope = c.scope and a.backup_id = c.backup_id and a.gone_at = c.valid_to
    where a.outcome = 'succeeded' and a.status in ('available', 'restoring', 'waiting_restore')
    union all
    -- Of a backup that was in no state to be restored from when it was last seen: the parts that once were.
    select distinct
        a.scope,
        a.snapshot_id,
        c.disk_id as resource_id,
        a.backup_id,
        a.resource_id as server_id,
        a.rp_time
    from attempts as a
    inner join parts as c on a.scope = c.scope and a.backup_id = c.backup_id
    where a.status is null or a.status not in ('available', 'restoring', 'waiting_restore')
    union all
    -- Parts that were not read again, as they were last read: that point was there.
    select
        a.scope,
        a.snapshot_id,
        coalesce(nullif(c.resource_id, ''), 'resource of backup ' || c.id) as resource_id,
        a.backup_id,
        a.resource_id as server_id,
        a.rp_time
    from attempts as a
    inner join history.children_unread as c on a.scope = c.scope and a.backup_id = c.backup_id
    where c.status in ('available', 'restoring', 'waiting_restore')
),

gone_shapes as (
    select
        scope,
        snapshot_id,
        resource_id,
        count(*) as points,
        min(coalesce(server_id, '')) as first_server_id,
        max(coalesce(server_id, '')) as last_server_id
    from gone
    group by scope, snapshot_id, resource_id
),

shapes as (
    select
        d.scope,
        d.snapshot_id,
        d.resource_id,
        d.policy_rule_id,
        coalesce(p.usable_points, 0) + coalesce(g.points, 0) as points,
        coalesce(p.lasting_points, 0) as lasting,
        least(coalesce(p.first_server_id, g.first_server_id), coalesce(g.first_server_id, p.first_server_id))
            as first_server_id,
        greatest(coalesce(p.last_server_id, g.last_server_id), coalesce(g.last_server_id, p.last_server_id))
            as last_server_id
    from demands as d
    left join standing as p
        on d.scope = p.scope and d.snapshot_id = p.snapshot_id and d.resource_id = p.resource_id
    left join gone_shapes as g
        on d.scope = g.scope and d.snapshot_id = g.snapshot_id and d.resource_id = g.resource_id
),

followers as (
    -- A disk that is part of each backup of one server has the gaps of that server, if they are judged alike. Most are:
    -- only the others are put in order.
    select
        f.scope,
        f.snapshot_id,
        f.resource_id,
        f.first_server_id as server_id
    from shapes as f
    inner join shapes as s
        on f.scope = s.scope and f.snapshot_id = s.snapshot_id and f.first_server_id = s.resource_id
    where f.first_server_id = f.last_server_id
        and s.last_server_id = ''
        and f.points = s.points
        and f.lasting = s.lasting
        and f.policy_rule_id = s.policy_rule_id
),

others as (
    select h.scope, h.snapshot_id, h.resource_id
    from shapes as h
    left join followers as f
        on h.scope = f.scope and h.snapshot_id = f.snapshot_id and h.resource_id = f.resource_id
    where f.resource_id is null
),

leaders as (
    select
        p.scope,
        p.snapshot_id,
        p.resource_id,
        p.backup_id,
        p.rp_time,
        coalesce(p.is_dependable, false) as still_exists
    from points as p
    inner join others as o
        on p.scope = o.scope and p.snapshot_id = o.snapshot_id and p.resource_id = o.resource_id
    inner join demands as d
        on p.scope = d.scope and p.snapshot_id = d.snapshot_id and p.resource_id = d.resource_id
    -- A point from the future fills no gap.
    where p.rp_time <= d.as_of + d.clock_skew_seconds * interval '1' second
    union all
    select
        g.scope,
        g.snapshot_id,
        g.resource_id,
        g.backup_id,
        g.rp_time,
        false as still_exists
    from gone as g
    inner join others as o
        on g.scope = o.scope and g.snapshot_id = o.snapshot_id and g.resource_id = o.resource_id
),

ends as (
    -- The reading ends the open gap.
    select
        scope,
        snapshot_id,
        resource_id,
        backup_id,
        rp_time,
        still_exists,
        false as is_open
    from leaders
    union all
    select
        d.scope,
        d.snapshot_id,
        d.resource_id,
        cast(null as varchar) as backup_id,
        d.as_of as rp_time,
        true as still_exists,
        true as is_open
    from demands as d
    left join followers as f
        on d.scope = f.scope and d.snapshot_id = f.snapshot_id and d.resource_id = f.resource_id
    where f.resource_id is null
),

ordered as (
    select
        *,
        lag(rp_time) over (
            partition by scope, snapshot_id, resource_id order by is_open, rp_time, backup_id
        ) as previous_at,
        lag(backup_id) over (
            partition by scope, snapshot_id, resource_id order by is_open, rp_time, backup_id
        ) as previous_id,
        max(case when still_exists then rp_time end) over (
            partition by scope, snapshot_id, resource_id
            order by is_open, rp_time, backup_id
            rows between unbounded preceding and 1 preceding
        ) as previous_existing_at
    from ends
),

windowed as (
    select
        o.*,
        d.rpo_hours,
        d.rpo_hours + d.grace_hours as limit_hours,
        d.as_of - d.gap_window_days * interval '1' day as window_start,
        coalesce(r.first_reading_at, d.as_of) as first_reading_at
    from ordered as o
    inner join demands as d
        on o.scope = d.scope and o.snapshot_id = d.snapshot_id and o.resource_id = d.resource_id
    left join first_readings as r on o.scope = r.scope
    where o.rp_time >= d.as_of - d.gap_window_days * interval '1' day
),

begun as (
    -- What was there between a point older than the window and the first reading, nobody saw: it may be purged.
    select
        *,
        case
            when previous_at is null then rp_time
            when previous_at < window_start and rp_time <= previous_at + limit_hours * interval '1' hour
                then window_start
            when previous_at < window_start then greatest(window_start, least(first_reading_at, rp_time))
        end as begins_at
    from windowed
),

measured as (
    select
        *,
        rp_time > previous_at + limit_hours * interval '1' hour
        and (is_open or begins_at is null or begins_at < rp_time) as is_breach,
        still_exists and rp_time > previous_existing_at + limit_hours * interval '1' hour as is_breach_now,
        greatest(previous_at + rpo_hours * interval '1' hour, coalesce(begins_at, window_start)) as beyond_from,
        min(begins_at) over (partition by scope, snapshot_id, resource_id) as counted_from
    from begun
),

kept as (
    select * from measured where is_breach or is_open or is_breach_now
),

told as (
    select
        scope,
        snapshot_id,
        resource_id,
        previous_at,
        rp_time,
        is_open,
        previous_id,
        backup_id,
        still_exists,
        is_breach,
        beyond_from,
        previous_existing_at,
        counted_from
    from kept
    union all
    select
        f.scope,
        f.snapshot_id,
        f.resource_id,
        k.previous_at,
        k.rp_time,
        k.is_open,
        k.previous_id,
        k.backup_id,
        k.still_exists,
        k.is_breach,
        k.beyond_from,
        k.previous_existing_at,
        k.counted_from
    from followers as f
    inner join kept as k
        on f.scope = k.scope and f.snapshot_id = k.snapshot_id and f.server_id = k.resource_id
)

select
    scope,
    snapshot_id,
    resource_id, -- VARCHAR: Id of the resource.
    previous_at as gap_start, -- TIMESTAMP: The moment that the point before brings back.
    rp_time as gap_end, -- TIMESTAMP: The moment of the next one, or of the reading.
    is_open, -- BOOLEAN: No point has ended it yet.
    previous_id as start_backup_id, -- VARCHAR: The point before.
    backup_id as end_backup_id, -- VARCHAR: The next point; null where the gap is open.
    still_exists, -- BOOLEAN: The point that ends it can still be relied on.
    cast(date_diff('second', date_trunc('second', previous_at), date_trunc('second', rp_time)) as double) / 3600.0 as hours, -- DOUBLE: Length of the gap.
    coalesce(is_breach, false) as is_breach, -- BOOLEAN: Longer than RPO and grace.
    case
        when is_breach
            then greatest(cast(date_diff('second', date_trunc('second', beyond_from), date_trunc('second', rp_time)) as double) / 3600.0, 0.0)
        else 0.0
    end as exposure_hours, -- DOUBLE: The part of a breach that is beyond the RPO and within the window.
    case
        when still_exists
            then cast(date_diff('second', date_trunc('second', previous_existing_at), date_trunc('second', rp_time)) as double) / 3600.0
    end as hours_now, -- DOUBLE: How far the point that ends it is from the one before, of those that still can be relied on.
    counted_from -- TIMESTAMP: Since when the gaps of the resource are counted: the window's begin, or later.
from told
