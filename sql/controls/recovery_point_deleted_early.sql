-- One row per lost point: was it deleted before its expiry?
-- id: recovery-point-deleted-early
-- title: No recovery point is deleted before its expiry
-- severity: critical
-- version: 4
-- subject: lost_point
-- worse: higher
-- waiver: two approvers
-- parameters: deletion_window_days, mass_points, mass_percent
-- remedy: Find out who called deleteBackup, which is named where the audit trail is read, disable
--   that account, and keep the remaining copies safe.
-- reasons:
--   expired: pass: It disappeared after its expiry.
--   rotated_by_count: pass: It was the oldest of the points that are kept by count.
--   removed_by_rule: pass: The policy of its vault no longer kept it: it was not among its newest
--     points, nor the newest of a day, week, month or year that the policy keeps.
--   retention_rule_changed: pass: The policy of its vault keeps fewer points than when it was made,
--     and there were as many newer ones: see retention-shortened.
--   failed_or_inflight_cleanup: pass: It was never usable.
--   deleted_early: fail: It disappeared {shown_days_early} d before its expiry{deletion_note}.
--   manual_deleted: fail: It was made manually, so only a person can have deleted
--     it{deletion_note}.
--   deleted_unexplained: fail: It disappeared, and no retention rule explains
--     it{deletion_note}.
--   mass_deletion: fail: {vault_failed_with_it} of the {vault_points_before} points of its vault
--     disappeared between two snapshots, and no retention rule explains it{deletion_note}.
--   vault_deleted: fail: All {vault_points_before} points of its vault disappeared between two
--     snapshots{deletion_note}.
--   vault_or_project_not_seen: unknown: Another project was read, so nothing follows from its
--     absence.
--   expiry_unreadable: unknown: Its expiry date could not be read.
--   possible_gfs_thinning: unknown: Another point of its month still exists, so a long-term
--     retention rule may have removed it{deletion_note}.
--   rotation_may_have_begun: unknown: More points of its resource disappeared than were added while
--     their number was still rising: a retention rule has just taken effect, or somebody deleted
--     it{deletion_note}.
--   rotation_faster_than_sampling: unknown: All points that are kept by count were replaced between
--     two snapshots, so some points were never seen{deletion_note}.
select
    scope,
    lost.snapshot_id,
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
    days_early, -- DOUBLE: Days from its disappearance to its expiry, if it was early.
    disappearance, -- VARCHAR: Classification, as in history.disappearances.
    cast(floor(days_early * 10.0) as double) / 10.0 as shown_days_early,
    vault_failed_with_it,
    vault_points_before,
    -- VARCHAR: Who deleted it, according to a successful call in the audit trail. Null if it names
    -- nobody, which explains nothing.
    deletions.deleted_by,
    deletions.deleted_from_ip, -- VARCHAR: Addresses that the calls came from.
    deletions.deleted_at, -- TIMESTAMP: When the last of the calls was made.
    -- VARCHAR: Names of the calls. One on a vault may have removed other backups only.
    deletions.deletion_call,
    coalesce(
        ' ('
        || deletions.deletion_call
        || ' by '
        || deletions.deleted_by
        || coalesce(' from ' || deletions.deleted_from_ip, '')
        || ' at '
        || cast(date_trunc('second', deletions.deleted_at) as varchar)
        || ')',
        ''
    ) as deletion_note
from intermediate.int_lost_points as lost
left join intermediate.int_deletions as deletions using (scope, backup_id, gone_at)
