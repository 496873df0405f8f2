-- One row per kind of difference between the bodies of a current snapshot and the contract, and
-- when it was first seen. drift_found covers one snapshot only.
select
    scope,
    found_now.snapshot_id,
    table_name,
    path,
    kind,
    found,
    found_now.occurrences,
    found_now.example_id,
    earlier.first_seen
from drift_found as found_now
left join history.drift as earlier using (scope, table_name, path, kind, found)
