-- One row per doubt about a record of the newest snapshot.
-- kind: view
select
    scope,
    snapshot_id,
    rule,
    relation,
    backup_id, -- VARCHAR: The backup concerned, or an example of it.
    value, -- VARCHAR: What was found.
    effect
from intermediate.int_record_findings
