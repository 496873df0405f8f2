-- One row per scope: did all its vaults together lately lose more recovery points than their
-- retention rules explain, or have they unusually few?
-- id: project-backup-count-drop
-- title: No project loses many recovery points without explanation
-- severity: high
-- version: 3
-- subject: scope
-- worse: higher
-- waiver: two approvers
-- parameters: deletion_window_days, mass_points, mass_percent, usual_total_days,
--   usual_total_least_days, unusual_score
-- remedy: Treat it as an attack until proven otherwise: somebody may delete a few points from each
--   vault to stay unnoticed.
-- reasons:
--   no_drop: pass: In the window, {unexplained} of {would_be} points were lost without explanation;
--     for {undecided} more the cause is unknown{learning_note}.
--   dropped: fail: In the window, {unexplained} of {would_be} points were lost without explanation;
--     for {undecided} more the cause is unknown{learning_note}.
--   unusually_few: fail: It has {points} points; {usual_count} are usual.
--   undecided_losses: unknown: In the window, {unexplained} of {would_be} points were lost without
--     explanation; for {undecided} more the cause is unknown{learning_note}.
--   no_history: unknown: There is only one snapshot, so losses cannot be detected.
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
where holder_kind = 'scope'
