-- One row a resource: does a policy make its backups?
-- id: resource-automated-protection
-- title: A policy makes dependable points of the resource
-- severity: high
-- version: 2
-- subject: resource
-- worse: higher
-- parameters: rpo_hours, manual_auto_factor, manual_auto_hours
-- remedy: Put the resource into a vault with an enabled backup policy.
with demands as (
    select * from intermediate.int_requirements
),

standing as (
    select * from intermediate.int_resource_summary
),

unread as (
    select * from intermediate.int_unread_parts
),

measured as (
    select
        d.scope,
        d.snapshot_id,
        d.as_of,
        d.resource_id,
        d.only_replicas,
        d.lost_at,
        greatest(d.manual_auto_factor * d.rpo_hours, d.manual_auto_hours) as limit_hours,
        coalesce(p.depth, 0) as depth,
        coalesce(p.unreadable, 0) as unreadable,
        p.last_auto_at,
        p.last_unsaid_at,
        p.newest_backup_id,
        coalesce(u.unread_points, 0) as unread_points
    from demands as d
    left join standing as p
        on d.scope = p.scope and d.snapshot_id = p.snapshot_id and d.resource_id = p.resource_id
    left join unread as u
        on d.scope = u.scope and d.snapshot_id = u.snapshot_id and d.resource_id = u.resource_id
),

judged as (
    select
        *,
        case
            when only_replicas then 'judged_at_source'
            when lost_at is not null then 'lost'
            when last_auto_at >= as_of - limit_hours * interval '1' hour then 'automatic'
            when last_unsaid_at >= as_of - limit_hours * interval '1' hour then 'origin_not_said'
            when unreadable > 0 then 'expiry_not_readable'
            when unread_points > 0 then 'children_not_loaded'
            when depth = 0 then 'none'
            when last_auto_at is null and last_unsaid_at is null then 'manual_only'
            else 'overdue'
        end as reason_code
    from measured
)

select
    scope,
    snapshot_id,
    resource_id as subject_id,
    case
        when reason_code in ('judged_at_source', 'lost') then 'not_applicable'
        when reason_code = 'automatic' then 'pass'
        when reason_code in ('none', 'manual_only', 'overdue') then 'fail'
        else 'unknown'
    end as status,
    reason_code,
    case reason_code
        when 'judged_at_source' then 'Only copies are kept here; the resource is judged in the scope where it lives.'
        when 'lost' then 'It has no backup any more: see resource-protection-lost.'
        when 'origin_not_said' then 'Its recent points do not say whether a policy made them.'
        when 'children_not_loaded' then 'The details of backups of its server were not read, so it may be in them.'
        when 'expiry_not_readable' then 'It is not known whether ' || cast(unreadable as varchar) || ' backups have expired: the date can not be read.'
        when 'none' then 'It has no dependable point.'
        when 'manual_only' then 'All its dependable points were made by hand.'
        else 'A policy made its newest automatic point at ' || coalesce(cast(date_trunc('second', last_auto_at) as varchar), 'no known time') || '; the limit is ' || cast(limit_hours as varchar) || ' h.'
    end as reason,
    cast(date_diff('second', date_trunc('second', last_auto_at), date_trunc('second', as_of)) as double) / 3600.0 as measured_value,
    'h' as measured_unit,
    limit_hours as threshold_value,
    case when newest_backup_id is null then cast(array[] as varchar[]) else array[newest_backup_id] end as evidence_backup_ids,
    case when reason_code = 'overdue' then last_auto_at + limit_hours * interval '1' hour end as failing_since
from judged
