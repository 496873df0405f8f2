-- One row: the two snapshots that a fold compares, and whether they are of one place.
select
    w.as_of as last_seen, -- TIMESTAMP: The complete snapshot before; null where there is none.
    n.as_of as gone_at, -- TIMESTAMP: The new one.
    n.finished_at + interval '5' minute as read_by, -- TIMESTAMP: When reading the new one was over, with clocks that differ.
    w.as_of is null
    or (
        coalesce(w.project_id, '') = coalesce(n.project_id, '')
        and (w.region = n.region or w.region is null or n.region is null)
    ) as is_same_place -- BOOLEAN: Both are of one project, in one region as far as it is said.
from was.snapshot as w
cross join now.snapshot as n
