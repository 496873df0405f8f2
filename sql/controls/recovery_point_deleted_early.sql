-- One row per recovery point that was lost lately: did it go before its time?
-- id: recovery-point-deleted-early
-- title: No recovery point is deleted before its time
-- severity: critical
-- version: 3
-- subject: lost_point
-- worse: higher
-- waiver: two approvers
-- parameters: deletion_window_days, mass_points, mass_percent
-- remedy: Ask the audit trail who called deleteBackup; then stop that account and keep the copies
--   that are left elsewhere.
-- reasons:
--   expired: pass: It was gone after its expiry.
--   rotated_by_count: pass: It was the oldest of those that are kept by count.
--   failed_or_inflight_cleanup: pass: It was never a recovery point.
--   deleted_early: fail: It was gone {shown_days_early} d before its expiry.
--   manual_deleted: fail: It was made by hand, which only a hand deletes.
--   deleted_unexplained: fail: It is gone, and no rule of retention explains it.
--   mass_deletion: fail: It went with {vault_failed_with_it} points of its vault, which had
--     {vault_points_before}, in one interval, without need.
--   vault_deleted: fail: Its vault had {vault_points_before} points, and none after the interval in
--     which it went.
--   vault_or_project_not_seen: unknown: Another project was read, so its absence says nothing.
--   expiry_unreadable: unknown: It said when it expires in a form that can not be read.
--   possible_gfs_thinning: unknown: Another point of its month is left, so a rule that thins out
--     may have removed it.
--   rotation_may_have_begun: unknown: More of its resource went than came while the count still
--     rose: a rule has just begun to trim, or somebody deleted it.
--   rotation_faster_than_sampling: unknown: All that are kept by count were replaced between two
--     readings, and some in between were never seen.
select
    scope,
    snapshot_id,
    backup_id as subject_id,
    case
        when verdict = 'fail' and is_mass and vault_points_after = 0 then 'vault_deleted'
        when verdict = 'fail' and is_mass then 'mass_deletion'
        else disappearance
    end as reason_code,
    days_early as measured_value,
    'd' as measured_unit,
    0 as threshold_value,
    gone_at as failing_since,
    days_early, -- DOUBLE: Days from its absence to its expiry, where it went before.
    disappearance, -- VARCHAR: What became of it, as in history.disappearances.
    cast(floor(days_early * 10.0) as double) / 10.0 as shown_days_early,
    vault_failed_with_it,
    vault_points_before
from intermediate.int_lost_points
