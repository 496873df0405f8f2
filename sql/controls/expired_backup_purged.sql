-- One row a recovery point: is it still there long after its expiry?
-- id: expired-backup-purged
-- title: Points are purged when they expire
-- severity: low
-- version: 1
-- subject: recovery_point
-- worse: higher
-- parameters: purge_lag_hours
-- remedy: See whether the vault's policy is disabled: only an enabled one purges. Delete by hand what is left.
with points as (
    select * from intermediate.int_recovery_points
),

demands as (
    select * from intermediate.int_requirements
),

judged as (
    select
        p.*,
        d.purge_lag_hours,
        cast(date_diff('second', date_trunc('second', p.expired_at), date_trunc('second', d.as_of)) as double) / 3600.0 as hours,
        case
            when p.retention_kind = 'unreadable' then 'expiry_not_readable'
            when p.expired_at is null then 'no_expiry'
            when p.state = 'going' then 'being_removed'
            when p.expired_at >= d.as_of - d.purge_lag_hours * interval '1' hour then 'not_due'
            when p.is_held_by_image then 'held_by_image'
            else 'overdue'
        end as reason_code
    from points as p
    inner join demands as d
        on p.scope = d.scope and p.snapshot_id = d.snapshot_id and p.resource_id = d.resource_id
)

select
    scope,
    snapshot_id,
    backup_id as subject_id,
    case
        when reason_code in ('no_expiry', 'held_by_image') then 'not_applicable'
        when reason_code in ('not_due', 'being_removed') then 'pass'
        when reason_code = 'overdue' then 'fail'
        else 'unknown'
    end as status,
    reason_code,
    case reason_code
        when 'expiry_not_readable' then 'It says when it expires in a form that can not be read.'
        when 'no_expiry' then 'It has no expiry.'
        when 'being_removed' then 'It is being removed.'
        when 'not_due' then 'It is not due yet.'
        when 'held_by_image' then 'It is expired, and an image that was made of it keeps it.'
        else 'It expired ' || cast(cast(floor(hours) as bigint) as varchar) || ' h ago and is still there; ' || cast(purge_lag_hours as varchar) || ' h are usual.'
    end as reason,
    case when hours > 0.0 then hours end as measured_value,
    'h' as measured_unit,
    purge_lag_hours as threshold_value,
    cast(null as varchar[]) as evidence_backup_ids,
    case when reason_code = 'overdue' then expired_at + purge_lag_hours * interval '1' hour end as failing_since
from judged
