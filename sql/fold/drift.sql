-- One row per way in which bodies ever differed from the contract, the new snapshot's among them.
select
    scope,
    table_name,
    path,
    kind,
    found,
    -- TIMESTAMP: The first complete snapshot that has it.
    coalesce(earlier.first_seen, snapshot.as_of) as first_seen,
    -- TIMESTAMP: The last complete snapshot that has it.
    case when later.scope is null then earlier.last_seen else snapshot.as_of end as last_seen
from was.drift as earlier
full outer join now.drift as later using (scope, table_name, path, kind, found)
cross join now.snapshot as snapshot
