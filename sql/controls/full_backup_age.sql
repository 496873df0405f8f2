-- One row a resource: is there a full backup young enough below its increments?
-- id: full-backup-age
-- title: Increments stand on a full backup that is young enough
-- severity: low
-- version: 1
-- subject: resource
-- worse: higher
-- parameters: full_backup_days
-- remedy: Set the policy to make a full backup now and then.
with demands as (
    select * from intermediate.int_requirements
),

standing as (
    select * from intermediate.int_resource_summary
),

judged as (
    select
        d.scope,
        d.snapshot_id,
        d.as_of,
        d.resource_id,
        d.full_backup_days,
        p.last_full_at,
        p.newest_backup_id,
        case
            when d.only_replicas then 'judged_at_source'
            when d.full_backup_days is null then 'not_required'
            when d.lost_at is not null then 'lost'
            when p.last_full_at >= d.as_of - d.full_backup_days * interval '1' day then 'young_enough'
            when p.unreadable > 0 then 'expiry_not_readable'
            when coalesce(p.depth, 0) = 0 then 'none'
            when not p.tells_full then 'not_said'
            when p.last_full_at is null then 'increments_only'
            else 'too_old'
        end as reason_code
    from demands as d
    left join standing as p
        on d.scope = p.scope and d.snapshot_id = p.snapshot_id and d.resource_id = p.resource_id
)

select
    scope,
    snapshot_id,
    resource_id as subject_id,
    case
        when reason_code in ('judged_at_source', 'not_required', 'lost', 'none') then 'not_applicable'
        when reason_code = 'young_enough' then 'pass'
        when reason_code in ('increments_only', 'too_old') then 'fail'
        else 'unknown'
    end as status,
    reason_code,
    case reason_code
        when 'judged_at_source' then 'Only copies are kept here; the resource is judged in the scope where it lives.'
        when 'lost' then 'It has no backup any more: see resource-protection-lost.'
        when 'not_required' then 'The tier does not ask for full backups.'
        when 'expiry_not_readable' then 'It is not known whether its backups have expired: the date can not be read.'
        when 'none' then 'It has no dependable point.'
        when 'not_said' then 'Its points do not say whether they are full.'
        when 'increments_only' then 'All its dependable points are increments.'
        else 'Its newest full backup is of ' || cast(date_trunc('second', last_full_at) as varchar) || '; the limit is ' || cast(full_backup_days as varchar) || ' d.'
    end as reason,
    cast(date_diff('second', date_trunc('second', last_full_at), date_trunc('second', as_of)) as double) / 86400.0 as measured_value,
    'd' as measured_unit,
    full_backup_days as threshold_value,
    case when newest_backup_id is null then cast(array[] as varchar[]) else array[newest_backup_id] end as evidence_backup_ids,
    case when reason_code = 'too_old' then last_full_at + full_backup_days * interval '1' day end as failing_since
from judged
