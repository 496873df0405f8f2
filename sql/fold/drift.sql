-- One row per kind of difference between API records and the contract, ever seen.
select
    scope,
    table_name,
    path,
    kind,
    found,
    -- TIMESTAMP: First complete snapshot with the difference.
    coalesce(earlier.first_seen, snapshot.as_of) as first_seen,
    -- TIMESTAMP: Last complete snapshot with the difference.
    case when later.scope is null then earlier.last_seen else snapshot.as_of end as last_seen
from was.drift as earlier
full outer join now.drift as later using (scope, table_name, path, kind, found)
cross join now.snapshot as snapshot
