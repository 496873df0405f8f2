-- One row: the two snapshots that a fold compares, and whether both are of one project.
select
    -- TIMESTAMP: The complete snapshot before; null where there is none.
    earlier.as_of as last_seen,
    later.as_of as gone_at, -- TIMESTAMP: The new one.
    -- TIMESTAMP: When reading the new one was over, with clocks that differ.
    later.finished_at + interval '5' minute as read_by,
    earlier.as_of is null
    or (
        coalesce(earlier.project_id, '') = coalesce(later.project_id, '')
        and (earlier.region = later.region or earlier.region is null or later.region is null)
    ) as is_same_project -- BOOLEAN: Both are of one project, in one region as far as it is said.
from was.snapshot as earlier
cross join now.snapshot as later
