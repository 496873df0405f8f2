-- One row per scope: its newest complete snapshot, which is judged.
select
    scope,
    snapshot_id,
    as_of,
    region,
    project_id,
    domain_id,
    is_sandbox
from meta.snapshots
where is_current
