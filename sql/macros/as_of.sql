-- One row per backup that was there at a moment (UTC), as it was then: between the complete snapshots
-- that tell of it.
-- parameters: moment
select *
from history.backups
where valid_from <= $moment and coalesce(valid_to > $moment, true)
