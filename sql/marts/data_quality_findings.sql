-- One row per implausible value in a record of the newest snapshot.
-- kind: view
select
    scope,
    snapshot_id,
    rule,
    relation,
    backup_id, -- VARCHAR: ID of the backup, or of one example.
    value, -- VARCHAR: The value that was received.
    effect
from intermediate.int_record_findings
