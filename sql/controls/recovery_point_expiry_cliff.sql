-- One row a resource: will all its dependable points expire soon, with no new ones coming?
-- id: recovery-point-expiry-cliff
-- title: No resource is about to lose its last recovery point
-- severity: high
-- version: 2
-- subject: resource
-- worse: lower
-- parameters: cliff_hours, rpo_hours, grace_hours
-- remedy: Start a backup before unprotected_from, and find out why the schedule makes none.
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
        d.as_of,
        d.resource_id,
        d.cliff_hours,
        p.newest_backup_id,
        p.last_dependable_expiry,
        coalesce(p.unreadable, 0) as unreadable,
        case
            when d.only_replicas then 'judged_at_source'
            when d.lost_at is not null then 'lost'
            when p.has_endless then 'kept_on'
            when p.last_auto_at >= d.as_of - (d.rpo_hours + d.grace_hours) * interval '1' hour then 'new_ones_come'
            when p.last_dependable_expiry > d.as_of + d.cliff_hours * interval '1' hour then 'kept_on'
            when p.unreadable > 0 then 'expiry_not_readable'
            when u.unread_points > 0 then 'children_not_loaded'
            when coalesce(p.depth, 0) = 0 then 'none'
            else 'cliff'
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
        when reason_code in ('judged_at_source', 'lost', 'none') then 'not_applicable'
        when reason_code in ('kept_on', 'new_ones_come') then 'pass'
        when reason_code = 'cliff' then 'fail'
        else 'unknown'
    end as status,
    reason_code,
    case reason_code
        when 'judged_at_source' then 'Only copies are kept here; the resource is judged in the scope where it lives.'
        when 'lost' then 'It has no backup any more: see resource-protection-lost.'
        when 'none' then 'It has no dependable point that could expire.'
        when 'kept_on' then 'A dependable point of it outlasts the time that is looked ahead.'
        when 'new_ones_come' then 'A policy makes new points of it.'
        when 'children_not_loaded' then 'The details of backups of its server were not read, so it may be in them.'
        when 'expiry_not_readable' then 'It is not known when ' || cast(unreadable as varchar) || ' of its backups expire: the date can not be read.'
        else 'Its last dependable point expires at ' || cast(date_trunc('second', last_dependable_expiry) as varchar) || ', and no policy makes new ones.'
    end as reason,
    cast(date_diff('second', date_trunc('second', as_of), date_trunc('second', last_dependable_expiry)) as double) / 3600.0 as measured_value,
    'h' as measured_unit,
    cliff_hours as threshold_value,
    case when newest_backup_id is null then cast(array[] as varchar[]) else array[newest_backup_id] end as evidence_backup_ids,
    case when reason_code = 'cliff' then as_of end as failing_since,
    case when reason_code = 'cliff' then last_dependable_expiry end as unprotected_from -- TIMESTAMP: When its last dependable point expires.
from judged
