-- One row a resource: was the retention of its recovery points shortened lately?
-- id: retention-shortened
-- title: Nobody shortens the retention
-- severity: critical
-- version: 2
-- subject: resource
-- worse: lower
-- waiver: two approvers
-- parameters: deletion_window_days, timestamp_tolerance_seconds, shortened_percent, usual_points, usual_least_points
-- remedy: Find out in the audit trail who changed the policy or the points, and set the retention back: new points follow it.
with demands as (
    select * from intermediate.int_requirements
),

snapshots as (
    select * from staging.stg_snapshots
),

settings as (
    select * from policy.settings
),

attempts as (
    select * from intermediate.int_attempts where is_auto and was_usable
),

changes as (
    -- Of the same point, be it gone since, a copy or not: an expiry that came nearer, or is there where none was.
    select
        c.scope,
        s.snapshot_id,
        coalesce(nullif(c.resource_id, ''), 'resource of backup ' || c.id) as resource_id,
        c.id as backup_id,
        c.changed_at,
        c.old_value,
        c.new_value,
        row_number() over (
            partition by c.scope, coalesce(nullif(c.resource_id, ''), 'resource of backup ' || c.id)
            order by c.changed_at, c.id
        ) as place
    from history.expiry_changes as c
    inner join snapshots as s on c.scope = s.scope
    inner join settings as t on s.scope = t.scope and s.snapshot_id = t.snapshot_id
    where c.changed_at >= s.as_of - t.deletion_window_days * interval '1' day
        and (
            c.old_value is null
            or c.new_value < c.old_value - t.timestamp_tolerance_seconds * interval '1' second
        )
),

moved as (
    select
        scope,
        snapshot_id,
        resource_id,
        count(distinct backup_id) as points,
        min(changed_at) as first_moved_at,
        coalesce(list_sort(array_agg(distinct backup_id)), cast([] as varchar[])) as backup_ids
    from changes
    group by scope, snapshot_id, resource_id
),

first_moved as (
    select scope, snapshot_id, resource_id, old_value, new_value from changes where place = 1
),

dated as (
    select
        scope,
        snapshot_id,
        resource_id,
        backup_id,
        created_at,
        date_diff('second', date_trunc('second', created_at), date_trunc('second', expired_at)) as life_seconds
    from attempts
    where expired_at is not null
),

lives as (
    select
        scope,
        snapshot_id,
        resource_id,
        count(*) as points,
        min(life_seconds) as shortest,
        max(life_seconds) as longest,
        max(created_at) as last_dated_at
    from dated
    group by scope, snapshot_id, resource_id
),

endless as (
    select
        scope,
        snapshot_id,
        resource_id,
        max(created_at) as last_endless_at
    from attempts
    where expired_at is null
    group by scope, snapshot_id, resource_id
),

uneven as (
    -- Only where lives differ there is anything to compare.
    select
        o.scope,
        o.snapshot_id,
        o.resource_id,
        o.backup_id,
        o.created_at,
        o.life_seconds,
        d.as_of - d.deletion_window_days * interval '1' day as window_start,
        d.shortened_percent,
        d.usual_points,
        d.usual_least_points,
        row_number() over (
            partition by o.scope, o.snapshot_id, o.resource_id order by o.created_at, o.backup_id
        ) as place
    from dated as o
    inner join lives as l
        on o.scope = l.scope and o.snapshot_id = l.snapshot_id and o.resource_id = l.resource_id
    inner join demands as d
        on o.scope = d.scope and o.snapshot_id = d.snapshot_id and o.resource_id = d.resource_id
    where l.shortest * 100 < d.shortened_percent * l.longest
),

compared as (
    select
        n.scope,
        n.snapshot_id,
        n.resource_id,
        n.backup_id,
        n.created_at,
        n.life_seconds,
        n.shortened_percent,
        n.usual_least_points,
        median(o.life_seconds) as usual_seconds,
        count(*) as earlier
    from uneven as n
    inner join uneven as o
        on n.scope = o.scope
        and n.snapshot_id = o.snapshot_id
        and n.resource_id = o.resource_id
        and o.place < n.place
        and o.place >= n.place - n.usual_points
    where n.created_at >= n.window_start
    group by
        n.scope, n.snapshot_id, n.resource_id, n.backup_id, n.created_at, n.life_seconds, n.shortened_percent, n.usual_least_points
),

short as (
    select
        *,
        row_number() over (partition by scope, snapshot_id, resource_id order by created_at, backup_id) as place
    from compared
    where earlier >= usual_least_points and life_seconds * 100 < shortened_percent * usual_seconds
),

shortened as (
    select
        scope,
        snapshot_id,
        resource_id,
        count(*) as points,
        min(created_at) as first_short_at,
        max(case when place = 1 then life_seconds end) as life_seconds,
        max(case when place = 1 then usual_seconds end) as usual_seconds,
        coalesce(list_sort(array_agg(backup_id)), cast([] as varchar[])) as backup_ids
    from short
    group by scope, snapshot_id, resource_id
),

judged as (
    select
        d.scope,
        d.snapshot_id,
        d.resource_id,
        d.shortened_percent,
        m.first_moved_at,
        v.old_value,
        v.new_value,
        m.points as moved_points,
        s.first_short_at,
        s.life_seconds,
        s.usual_seconds,
        coalesce(m.backup_ids, s.backup_ids, cast([] as varchar[])) as backup_ids,
        coalesce(l.points, 0) as dated_points,
        case
            when m.points > 0 then 'expiry_moved'
            when d.only_replicas then 'judged_at_source'
            when s.points > 0 then 'life_shortened'
            when d.subject_type = 'volume_via_server' then 'judged_with_server'
            when e.last_endless_at > l.last_dated_at then 'expiry_dropped'
            when coalesce(l.points, 0) = 0 then 'no_dated_point'
            when l.points <= d.usual_least_points then 'baseline'
            else 'as_usual'
        end as reason_code
    from demands as d
    left join moved as m
        on d.scope = m.scope and d.snapshot_id = m.snapshot_id and d.resource_id = m.resource_id
    left join first_moved as v
        on d.scope = v.scope and d.snapshot_id = v.snapshot_id and d.resource_id = v.resource_id
    left join shortened as s
        on d.scope = s.scope and d.snapshot_id = s.snapshot_id and d.resource_id = s.resource_id
    left join lives as l
        on d.scope = l.scope and d.snapshot_id = l.snapshot_id and d.resource_id = l.resource_id
    left join endless as e
        on d.scope = e.scope and d.snapshot_id = e.snapshot_id and d.resource_id = e.resource_id
)

select
    scope,
    snapshot_id,
    resource_id as subject_id,
    case
        when reason_code in ('judged_at_source', 'judged_with_server', 'no_dated_point') then 'not_applicable'
        when reason_code = 'as_usual' then 'pass'
        when reason_code in ('expiry_moved', 'life_shortened') then 'fail'
        else 'unknown'
    end as status,
    reason_code,
    case reason_code
        when 'judged_at_source' then 'Only copies are kept here; the resource is judged in the scope where it lives.'
        when 'judged_with_server' then 'Its backups are part of those of its server.'
        when 'expiry_moved' then 'The expiry of ' || cast(moved_points as varchar) || ' points came nearer, the first from ' || coalesce(cast(date_trunc('second', old_value) as varchar), 'none') || ' to ' || cast(date_trunc('second', new_value) as varchar) || '.'
        when 'life_shortened' then 'New points live for ' || cast(cast(floor(cast(life_seconds as double) / 8640.0) as double) / 10.0 as varchar) || ' d where ' || cast(cast(floor(cast(usual_seconds as double) / 8640.0) as double) / 10.0 as varchar) || ' d were usual.'
        when 'expiry_dropped' then 'Its points carried an expiry and carry none any more: how long they are kept is not visible.'
        when 'no_dated_point' then 'No automatic point of it carries an expiry.'
        when 'baseline' then 'Only ' || cast(dated_points as varchar) || ' automatic points with an expiry are seen: too few to tell what is usual.'
        else 'Its points live as long as they used to.'
    end as reason,
    cast(life_seconds as double) / 86400.0 as measured_value,
    'd' as measured_unit,
    shortened_percent * (cast(usual_seconds as double) / 8640000.0) as threshold_value,
    backup_ids as evidence_backup_ids,
    case
        when reason_code = 'expiry_moved' then first_moved_at
        when reason_code = 'life_shortened' then first_short_at
    end as failing_since,
    old_value, -- TIMESTAMP: The expiry as it was, where one moved.
    new_value -- TIMESTAMP: The expiry as it is since.
from judged
