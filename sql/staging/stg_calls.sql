-- One row per call in the audit trail that changes a backup, a vault or a policy. Names are
-- compared in small letters; another region may add its own.
-- kind: view
select
    call, -- VARCHAR: Name of the call, in small letters.
    object_kind, -- VARCHAR: What the call changes: backup, vault or policy.
    -- VARCHAR: What it may do: removes_points, stops_backups, changes_retention, shares_points,
    -- ends_sharing, uses_points, adds_points, protects or changes_settings.
    effect
from (
    values
        ('deletebackup', 'backup', 'removes_points'),
        ('createbackup', 'backup', 'adds_points'),
        ('importbackup', 'backup', 'adds_points'),
        ('syncbackup', 'backup', 'adds_points'),
        ('replicatebackup', 'backup', 'adds_points'),
        ('restorebackup', 'backup', 'uses_points'),
        ('updatebackup', 'backup', 'changes_settings'),
        ('createbackupmember', 'backup', 'shares_points'),
        ('updatebackupmember', 'backup', 'changes_settings'),
        ('deletebackupmember', 'backup', 'ends_sharing'),
        ('deletevault', 'vault', 'removes_points'),
        ('deletevaultbackup', 'vault', 'removes_points'),
        ('createvault', 'vault', 'protects'),
        ('createvaultbackup', 'vault', 'adds_points'),
        ('updatevault', 'vault', 'changes_settings'),
        ('addresources', 'vault', 'protects'),
        ('removeresources', 'vault', 'stops_backups'),
        ('enableprotect', 'vault', 'protects'),
        ('disableprotect', 'vault', 'stops_backups'),
        ('associatepolicy', 'vault', 'changes_retention'),
        ('dissociatepolicy', 'vault', 'stops_backups'),
        ('createpolicy', 'policy', 'protects'),
        ('updatepolicy', 'policy', 'changes_retention'),
        ('deletepolicy', 'policy', 'stops_backups'),
        ('createorganizationpolicy', 'policy', 'protects'),
        ('updateorganizationpolicy', 'policy', 'changes_retention'),
        ('deleteorganizationpolicy', 'policy', 'stops_backups')
) as calls (call, object_kind, effect)
