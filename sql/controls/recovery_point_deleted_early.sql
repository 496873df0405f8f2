-- One row a recovery point that was lost lately: did it go before its time?
-- id: recovery-point-deleted-early
-- title: No recovery point is deleted before its time
-- severity: critical
-- version: 3
-- subject: lost_point
-- worse: higher
-- waiver: two approvers
-- parameters: deletion_window_days, mass_points, mass_percent
-- remedy: Ask the audit trail who called deleteBackup; then stop that account and keep the copies that are left elsewhere.
with lost as (
    select * from intermediate.int_lost_points
),

judged as (
    select
        *,
        case
            when verdict = 'fail' and is_mass and vault_points_after = 0 then 'vault_deleted'
            when verdict = 'fail' and is_mass then 'mass_deletion'
            else disappearance
        end as reason_code
    from lost
)

select
    scope,
    snapshot_id,
    backup_id as subject_id,
    case
        when verdict = 'ok' then 'pass'
        when verdict = 'fail' then 'fail'
        else 'unknown'
    end as status,
    reason_code,
    case reason_code
        when 'expired' then 'It was gone after its expiry.'
        when 'rotated_by_count' then 'It was the oldest of those that are kept by count.'
        when 'failed_or_inflight_cleanup' then 'It was never a recovery point.'
        when 'vault_or_project_not_seen' then 'Another project was read, so its absence says nothing.'
        when 'expiry_unreadable' then 'It said when it expires in a form that can not be read.'
        when 'possible_gfs_thinning' then 'Another point of its month is left, so a rule that thins out may have removed it.'
        when 'deleted_early' then 'It was gone ' || cast(cast(floor(days_early * 10.0) as double) / 10.0 as varchar) || ' d before its expiry.'
        when 'manual_deleted' then 'It was made by hand, which only a hand deletes.'
        when 'rotation_may_have_begun' then 'More of its resource went than came while the count still rose: a rule has just begun to trim, or somebody deleted it.'
        when 'rotation_faster_than_sampling' then 'All that are kept by count were replaced between two readings, and some in between were never seen.'
        when 'vault_deleted' then 'Its vault had ' || cast(vault_points_before as varchar) || ' points, and none after the interval in which it went.'
        when 'mass_deletion' then 'It went with ' || cast(vault_failed_with_it as varchar) || ' points of its vault, which had ' || cast(vault_points_before as varchar) || ', in one interval, without need.'
        else 'It is gone, and no rule of retention explains it.'
    end as reason,
    days_early as measured_value,
    'd' as measured_unit,
    0 as threshold_value,
    cast(null as varchar[]) as evidence_backup_ids,
    case when verdict = 'fail' then gone_at end as failing_since,
    disappearance,
    days_early,
    vault_failed_with_it,
    gone_at
from judged
