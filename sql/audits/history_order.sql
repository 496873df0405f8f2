-- One row per version of a backup that ended before it began, or was last seen outside its
-- validity.
-- severity: error
-- relation: history.backups_closed
select scope, id, valid_from, valid_to, last_seen
from history.backups_closed
where valid_to <= valid_from or last_seen < valid_from or last_seen >= valid_to
