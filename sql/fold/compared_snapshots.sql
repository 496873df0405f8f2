-- One row: the two snapshots that a fold compares, and whether they are of the same project.
select
    -- TIMESTAMP: Previous complete snapshot. Null if there is none.
    earlier.as_of as last_seen,
    later.as_of as gone_at, -- TIMESTAMP: New snapshot.
    -- TIMESTAMP: When reading of the new snapshot ended, plus a tolerance for different clocks.
    later.finished_at + interval '5' minute as read_by,
    earlier.as_of is null
    or (
        coalesce(earlier.project_id, '') = coalesce(later.project_id, '')
        and (earlier.region = later.region or earlier.region is null or later.region is null)
    ) as is_same_project -- BOOLEAN: Whether project and region, as far as known, are the same.
from was.snapshot as earlier
cross join now.snapshot as later
