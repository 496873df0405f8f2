-- One row a resource: how many dependable points does it have, over how many days?
-- id: recovery-point-depth
-- title: Resource has enough recovery points over enough days
-- severity: medium
-- version: 2
-- subject: resource
-- worse: lower
-- parameters: min_points, min_distinct_days
-- remedy: Lengthen the retention, or wait until a new resource has been backed up for long enough.
with demands as (
    select * from intermediate.int_requirements
),

standing as (
    select * from intermediate.int_resource_summary
),

unread as (
    select * from intermediate.int_unread_parts
),

judged as (
    select
        d.scope,
        d.snapshot_id,
        d.resource_id,
        d.min_points,
        d.min_distinct_days,
        p.newest_backup_id,
        p.first_attempt_at,
        coalesce(p.depth, 0) as depth,
        coalesce(p.distinct_days, 0) as distinct_days,
        coalesce(p.unreadable, 0) as unreadable,
        case
            when d.only_replicas then 'judged_at_source'
            when d.lost_at is not null then 'lost'
            when p.depth >= d.min_points and p.distinct_days >= d.min_distinct_days then 'deep_enough'
            when p.depth + p.unreadable >= d.min_points and p.unreadable > 0 then 'expiry_not_readable'
            when u.unread_points > 0 then 'children_not_loaded'
            when coalesce(p.depth, 0) < d.min_points then 'too_few'
            else 'too_close'
        end as reason_code
    from demands as d
    left join standing as p
        on d.scope = p.scope and d.snapshot_id = p.snapshot_id and d.resource_id = p.resource_id
    left join unread as u
        on d.scope = u.scope and d.snapshot_id = u.snapshot_id and d.resource_id = u.resource_id
)

select
    scope,
    snapshot_id,
    resource_id as subject_id,
    case
        when reason_code in ('judged_at_source', 'lost') then 'not_applicable'
        when reason_code = 'deep_enough' then 'pass'
        when reason_code in ('too_few', 'too_close') then 'fail'
        else 'unknown'
    end as status,
    reason_code,
    case reason_code
        when 'judged_at_source' then 'Only copies are kept here; the resource is judged in the scope where it lives.'
        when 'lost' then 'It has no backup any more: see resource-protection-lost.'
        when 'children_not_loaded' then 'The details of backups of its server were not read, so it may be in them.'
        when 'expiry_not_readable' then 'It is not known whether ' || cast(unreadable as varchar) || ' backups have expired: the date can not be read.'
        else 'It has ' || cast(depth as varchar) || ' dependable points of ' || cast(distinct_days as varchar) || ' days; ' || cast(min_points as varchar) || ' of ' || cast(min_distinct_days as varchar) || ' days are asked for.'
    end as reason,
    depth as measured_value,
    'points' as measured_unit,
    min_points as threshold_value,
    case when newest_backup_id is null then cast(array[] as varchar[]) else array[newest_backup_id] end as evidence_backup_ids,
    case when reason_code in ('too_few', 'too_close') then first_attempt_at end as failing_since,
    distinct_days -- BIGINT: Days (UTC) that its dependable points are of.
from judged
