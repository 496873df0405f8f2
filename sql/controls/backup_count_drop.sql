-- One row per vault: did it lose more recovery points lately than its rules explain, or has it
-- unusually few?
-- id: backup-count-drop
-- title: No vault loses many recovery points without need
-- severity: high
-- version: 3
-- subject: vault
-- worse: higher
-- waiver: two approvers
-- parameters: deletion_window_days, mass_points, mass_percent, usual_total_days,
--   usual_total_least_days, unusual_score
-- remedy: Treat it as an attack until you know better: lock the vault, look who deleted, keep the
--   copies elsewhere.
-- reasons:
--   no_drop: pass: {unexplained} of {would_be} points went without need in the window, and
--     {undecided} more that can not be explained or blamed{learning_note}.
--   dropped: fail: {unexplained} of {would_be} points went without need in the window, and
--     {undecided} more that can not be explained or blamed{learning_note}.
--   unusually_few: fail: It has {points} points, and {usual_count} are usual for it.
--   undecided_losses: unknown: {unexplained} of {would_be} points went without need in the window,
--     and {undecided} more that can not be explained or blamed{learning_note}.
--   no_history: unknown: There is one snapshot only, so no loss can be seen.
select
    scope,
    snapshot_id,
    holder_id as subject_id,
    reason_code,
    unexplained as measured_value,
    'points' as measured_unit,
    least as threshold_value,
    backup_ids as evidence_backup_ids,
    failing_since,
    unexplained,
    undecided,
    would_be,
    points,
    usual_count,
    learning_note
from intermediate.int_deletion_totals
where holder_kind = 'vault'
