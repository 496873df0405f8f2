-- One row per backup that existed at a moment (UTC), with its values at that time, according to the
-- complete snapshots.
-- parameters: moment
select *
from history.backups
where valid_from <= $moment and coalesce(valid_to > $moment, true)
