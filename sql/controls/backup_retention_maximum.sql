-- One row per recovery point: is it kept longer than allowed?
-- id: backup-retention-maximum
-- title: No point is kept longer than allowed
-- severity: medium
-- version: 1
-- subject: recovery_point
-- worse: higher
-- parameters: max_retention_days, timestamp_tolerance_seconds
-- remedy: Delete it with the consent of its owner. Points that lost their expiry through a policy
--   change must be deleted manually.
-- reasons:
--   short_enough: pass: It is kept for {whole_days} d; the maximum is {max_retention_days} d.
--   young_enough: pass: It has no expiry and is {whole_days} d old; the maximum is
--     {max_retention_days} d.
--   too_long: fail: It is kept for {whole_days} d; the maximum is {max_retention_days} d.
--   too_old: fail: It has no expiry and is {whole_days} d old; the maximum is {max_retention_days}
--     d.
--   expiry_not_readable: unknown: Its expiry date cannot be read.
--   creation_not_known: unknown: It has no creation time.
--   status_not_known: unknown: Its status is not documented: {backup_status}.
--   not_usable: not_applicable: Its status is {backup_status}, so it contains no data.
with lifespans as (
    select
        points.*,
        requirements.max_retention_days,
        requirements.timestamp_tolerance_seconds,
        cast(
            date_diff(
                'second',
                date_trunc('second', points.created_at),
                date_trunc('second', coalesce(points.expired_at, requirements.as_of))
            ) as double
        ) / 86400.0 as days
    from intermediate.int_recovery_points as points
    inner join intermediate.int_requirements as requirements using (scope, resource_id)
)

select
    scope,
    snapshot_id,
    backup_id as subject_id,
    case
        when state = 'unknown' then 'status_not_known'
        when not is_usable then 'not_usable'
        when retention_kind = 'unreadable' then 'expiry_not_readable'
        when created_at is null then 'creation_not_known'
        when expired_at > created_at
            + max_retention_days * interval '1' day
            + timestamp_tolerance_seconds * interval '1' second
            then 'too_long'
        when expired_at is not null then 'short_enough'
        when created_at < as_of - max_retention_days * interval '1' day then 'too_old'
        else 'young_enough'
    end as reason_code,
    days as measured_value,
    'd' as measured_unit,
    max_retention_days as threshold_value,
    case
        when expired_at is not null then created_at
        else created_at + max_retention_days * interval '1' day
    end as failing_since,
    status as backup_status,
    cast(floor(days) as bigint) as whole_days,
    max_retention_days
from lifespans
