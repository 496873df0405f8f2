-- One row a scope: did all its vaults together lose more recovery points lately than their rules explain, or have
-- they unusually few?
-- id: project-backup-count-drop
-- title: No project loses many recovery points without need
-- severity: high
-- version: 3
-- subject: scope
-- worse: higher
-- waiver: two approvers
-- parameters: deletion_window_days, mass_points, mass_percent, usual_total_days, usual_total_least_days, unusual_score
-- remedy: Treat it as an attack until you know better: few points of each vault may go where many of one would be seen.
with losses as (
    select * from intermediate.int_deletion_totals where holder_kind = 'scope'
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
