-- One row a recovery point: is it kept for longer than it may be?
-- id: backup-retention-maximum
-- title: No point is kept longer than it may be
-- severity: medium
-- version: 1
-- subject: recovery_point
-- worse: higher
-- parameters: max_retention_days, timestamp_tolerance_seconds
-- remedy: Delete what may not be kept, with the consent of its owner; points that a changed rule made immortal are removed by hand only.
with points as (
    select * from intermediate.int_recovery_points
),

demands as (
    select * from intermediate.int_requirements
),

judged as (
    select
        p.*,
        d.max_retention_days,
        cast(date_diff('second', date_trunc('second', p.created_at), date_trunc('second', coalesce(p.expired_at, d.as_of))) as double) / 86400.0 as days,
        case
            when p.state = 'unknown' then 'status_not_known'
            when not p.is_usable then 'not_usable'
            when p.retention_kind = 'unreadable' then 'expiry_not_readable'
            when p.created_at is null then 'creation_not_known'
            when p.expired_at > p.created_at + d.max_retention_days * interval '1' day + d.timestamp_tolerance_seconds * interval '1' second
                then 'too_long'
            when p.expired_at is not null then 'short_enough'
            when p.created_at < d.as_of - d.max_retention_days * interval '1' day then 'too_old'
            else 'young_enough'
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
        when reason_code = 'not_usable' then 'not_applicable'
        when reason_code in ('short_enough', 'young_enough') then 'pass'
        when reason_code in ('too_long', 'too_old') then 'fail'
        else 'unknown'
    end as status,
    reason_code,
    case reason_code
        when 'status_not_known' then 'Its status is not a documented one: ' || coalesce(status, 'none') || '.'
        when 'not_usable' then 'Its status is ' || status || ', so it holds nothing.'
        when 'expiry_not_readable' then 'It says when it expires in a form that can not be read.'
        when 'creation_not_known' then 'It does not say when it was created.'
        when 'young_enough' then 'It has no expiry and is ' || cast(cast(floor(days) as bigint) as varchar) || ' d old; the maximum is ' || cast(max_retention_days as varchar) || ' d.'
        when 'too_old' then 'It has no expiry and is ' || cast(cast(floor(days) as bigint) as varchar) || ' d old; the maximum is ' || cast(max_retention_days as varchar) || ' d.'
        else 'It is kept for ' || cast(cast(floor(days) as bigint) as varchar) || ' d; the maximum is ' || cast(max_retention_days as varchar) || ' d.'
    end as reason,
    days as measured_value,
    'd' as measured_unit,
    max_retention_days as threshold_value,
    cast(null as varchar[]) as evidence_backup_ids,
    case
        when reason_code = 'too_long' then created_at
        when reason_code = 'too_old' then created_at + max_retention_days * interval '1' day
    end as failing_since
from judged
