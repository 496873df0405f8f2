-- One row a resource: how much of the time was it within its RPO, of the window that is counted?
-- id: recovery-gap-within-rpo
-- title: Resource was within its RPO nearly all the time
-- severity: high
-- version: 2
-- subject: resource
-- worse: lower
-- parameters: rpo_hours, grace_hours, attainment_percent, gap_window_days
-- remedy: See compliance.rpo_gaps for each gap and what it lies between; a gap that is open needs a backup now.
with demands as (
    select * from intermediate.int_requirements
),

standing as (
    select * from intermediate.int_resource_summary
),

gaps as (
    select * from intermediate.int_gaps
),

sampling_since as (
    select * from intermediate.int_sampling_since
),

first_sightings as (
    select scope, resource_id, min(first_seen) as first_seen
    from history.backup_lifecycle
    where was_usable and not is_replica
    group by scope, resource_id
),

sampling as (
    -- How far apart the complete snapshots are, at most: a point that lives for less may never be seen.
    select * from intermediate.int_sampling
),

unread as (
    select * from intermediate.int_unread_parts
),

dated as (
    select
        scope,
        snapshot_id,
        resource_id,
        min(date_diff('second', date_trunc('second', created_at), date_trunc('second', expired_at))) as life_seconds
    from intermediate.int_resource_points
    where not is_replica and is_usable and expired_at is not null
    group by scope, snapshot_id, resource_id
),

counts as (
    -- Of points that are kept by count, each lives for as long as it takes to make as many.
    select
        scope,
        snapshot_id,
        resource_id,
        count(*) as points,
        date_diff('second', date_trunc('second', min(rp_time)), date_trunc('second', max(rp_time))) as span_seconds
    from intermediate.int_resource_points
    where not is_replica and is_usable and is_auto and expired_at is null
    group by scope, snapshot_id, resource_id
),

lives as (
    select scope, snapshot_id, resource_id, life_seconds from dated
    union all
    select
        scope,
        snapshot_id,
        resource_id,
        cast(span_seconds as double) / nullif(points - 1, 0) * points as life_seconds
    from counts
),

shortest as (
    select scope, snapshot_id, resource_id, min(life_seconds) as shortest_life_seconds
    from lives
    group by scope, snapshot_id, resource_id
),

rotated as (
    -- All that were kept by count were replaced between two readings.
    select distinct scope, resource_id from intermediate.int_lost_points
    where disappearance = 'rotation_faster_than_sampling'
),

counted as (
    select
        scope,
        snapshot_id,
        resource_id,
        count(*) filter (where is_breach) as breaches,
        max(hours) as max_gap_hours,
        max(hours_now) as restorable_now_max_gap_hours,
        sum(exposure_hours) as exposure_hours,
        max(case when is_open then hours end) as open_gap_hours,
        bool_or(is_open and is_breach) as is_open_breach,
        min(gap_start) filter (where is_breach) as first_breach_start,
        min(gap_start) filter (where is_open) as open_since,
        min(case when is_open then start_backup_id end) as newest_id,
        min(counted_from) as counted_from
    from gaps
    group by scope, snapshot_id, resource_id
),

measured as (
    select
        d.scope,
        d.snapshot_id,
        d.resource_id,
        d.only_replicas,
        d.lost_at,
        d.rpo_hours,
        d.attainment_percent,
        c.breaches,
        c.max_gap_hours,
        c.restorable_now_max_gap_hours,
        c.exposure_hours,
        c.open_gap_hours,
        c.is_open_breach,
        c.open_since,
        c.newest_id,
        c.first_breach_start,
        c.resource_id is null as has_no_point,
        coalesce(p.unreadable, 0) as unreadable,
        coalesce(
            case when i.scope is null then s.widest_seconds else i.widest_seconds end > l.shortest_life_seconds, false
        )
        or r.resource_id is not null as is_undersampled,
        u.unread_points > 0 as may_be_in_unread,
        cast(date_diff('second', date_trunc('second', c.counted_from), date_trunc('second', d.as_of)) as double) / 3600.0
            as window_hours
    from demands as d
    left join counted as c
        on d.scope = c.scope and d.snapshot_id = c.snapshot_id and d.resource_id = c.resource_id
    left join standing as p
        on d.scope = p.scope and d.snapshot_id = p.snapshot_id and d.resource_id = p.resource_id
    left join shortest as l
        on d.scope = l.scope and d.snapshot_id = l.snapshot_id and d.resource_id = l.resource_id
    left join first_sightings as f on d.scope = f.scope and coalesce(d.server_id, d.resource_id) = f.resource_id
    left join sampling_since as i
        on d.scope = i.scope and d.snapshot_id = i.snapshot_id and f.first_seen = i.as_of
    left join rotated as r on d.scope = r.scope and d.resource_id = r.resource_id
    left join unread as u
        on d.scope = u.scope and d.snapshot_id = u.snapshot_id and d.resource_id = u.resource_id
    left join sampling as s on d.scope = s.scope and d.snapshot_id = s.snapshot_id
),

rated as (
    select
        *,
        greatest(100.0 - 100.0 * (cast(exposure_hours as double) / nullif(window_hours, 0.0)), 0.0) as attainment
    from measured
),

judged as (
    -- Points that nobody saw can only have made a gap shorter: what passes, passes; what fails may not have.
    select
        *,
        case
            when only_replicas then 'judged_at_source'
            when lost_at is not null then 'lost'
            when (has_no_point or open_since is null) and may_be_in_unread then 'children_not_loaded'
            when has_no_point or open_since is null then 'none'
            when not is_open_breach and (attainment >= attainment_percent or window_hours = 0.0) then 'within_rpo'
            when may_be_in_unread then 'children_not_loaded'
            when is_undersampled then 'not_observed'
            when is_open_breach then 'open_gap'
            else 'gaps'
        end as reason_code
    from rated
)

select
    scope,
    snapshot_id,
    resource_id as subject_id,
    case
        when reason_code in ('judged_at_source', 'lost') then 'not_applicable'
        when reason_code = 'within_rpo' then 'pass'
        when reason_code in ('open_gap', 'gaps', 'none') then 'fail'
        else 'unknown'
    end as status,
    reason_code,
    case reason_code
        when 'judged_at_source' then 'Only copies are kept here; the resource is judged in the scope where it lives.'
        when 'lost' then 'It has no backup any more: see resource-protection-lost.'
        when 'none' then 'No point of it was ever usable in a snapshot.'
        when 'children_not_loaded' then 'The details of backups of its server were not read, so it may be in them.'
        when 'not_observed' then 'Snapshots are further apart than its points live, so some may never have been seen.'
        else cast(breaches as varchar)
            || ' gaps beyond RPO and grace in '
            || cast(cast(floor(cast(window_hours as double) / 24.0) as bigint) as varchar)
            || ' d, the longest of '
            || cast(cast(floor(max_gap_hours) as bigint) as varchar)
            || ' h; within its RPO for '
            || cast(cast(floor(attainment * 100.0) as double) / 100.0 as varchar)
            || ' % of the time, '
            || cast(attainment_percent as varchar)
            || ' % are asked for.'
    end as reason,
    attainment as measured_value,
    '%' as measured_unit,
    attainment_percent as threshold_value,
    case when newest_id is null then cast(array[] as varchar[]) else array[newest_id] end as evidence_backup_ids,
    case
        when reason_code = 'open_gap' then open_since + rpo_hours * interval '1' hour
        when reason_code = 'gaps' then first_breach_start + rpo_hours * interval '1' hour
    end as failing_since,
    breaches, -- BIGINT: Gaps that are longer than RPO and grace, in the window.
    max_gap_hours, -- DOUBLE: The longest of them, or the open gap.
    restorable_now_max_gap_hours, -- DOUBLE: The same of points that still can be relied on; a deleted one in the middle shows here.
    exposure_hours, -- DOUBLE: Hours beyond the RPO.
    open_gap_hours, -- DOUBLE: From the newest usable point to the reading.
    cast(window_hours as double) / 24.0 as window_days -- DOUBLE: How much of the window is seen: less for a young resource.
from judged
