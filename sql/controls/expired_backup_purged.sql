-- One row per recovery point: does it still exist long after its expiry?
-- id: expired-backup-purged
-- title: Points are purged when they expire
-- severity: low
-- version: 1
-- subject: recovery_point
-- worse: higher
-- parameters: purge_lag_hours
-- remedy: Check whether the vault's policy is disabled: only an enabled policy purges points.
--   Delete the remaining points manually.
-- reasons:
--   not_due: pass: It is not due for purging yet.
--   being_removed: pass: It is being deleted.
--   overdue: fail: It expired {whole_hours} h ago and still exists; {purge_lag_hours} h are usual.
--   expiry_not_readable: unknown: Its expiry date cannot be read.
--   no_expiry: not_applicable: It has no expiry.
--   held_by_image: not_applicable: It has expired, but an image that was created from it keeps it.
with expiries as (
    select
        points.*,
        requirements.purge_lag_hours,
        cast(
            date_diff(
                'second',
                date_trunc('second', points.expired_at),
                date_trunc('second', requirements.as_of)
            ) as double
        ) / 3600.0 as hours
    from intermediate.int_recovery_points as points
    inner join intermediate.int_requirements as requirements using (scope, resource_id)
)

select
    scope,
    snapshot_id,
    backup_id as subject_id,
    case
        when retention_kind = 'unreadable' then 'expiry_not_readable'
        when expired_at is null then 'no_expiry'
        when state = 'going' then 'being_removed'
        when expired_at >= as_of - purge_lag_hours * interval '1' hour then 'not_due'
        when is_held_by_image then 'held_by_image'
        else 'overdue'
    end as reason_code,
    case when hours > 0.0 then hours end as measured_value,
    'h' as measured_unit,
    purge_lag_hours as threshold_value,
    expired_at + purge_lag_hours * interval '1' hour as failing_since,
    cast(floor(hours) as bigint) as whole_hours,
    purge_lag_hours
from expiries
