-- One row a vault: did it lose more recovery points lately than its rules explain, or has it unusually few?
-- id: backup-count-drop
-- title: No vault loses many recovery points without need
-- severity: high
-- version: 3
-- subject: vault
-- worse: higher
-- waiver: two approvers
-- parameters: deletion_window_days, mass_points, mass_percent, usual_total_days, usual_total_least_days, unusual_score
-- remedy: Treat it as an attack until you know better: lock the vault, look who deleted, keep the copies elsewhere.
with losses as (
    select * from intermediate.int_deletion_totals where holder_kind = 'vault'
)

select
    scope,
    snapshot_id,
    holder_id as subject_id,
    status,
    reason_code,
    reason,
    unexplained as measured_value,
    'points' as measured_unit,
    least as threshold_value,
    backup_ids as evidence_backup_ids,
    failing_since
from losses
