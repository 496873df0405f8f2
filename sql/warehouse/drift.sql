-- One row per way in which bodies of a current snapshot differ from the contract, and since when any
-- did. The tables of a snapshot, drift_found, can't know what the ones before had.
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
