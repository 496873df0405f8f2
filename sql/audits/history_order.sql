-- One row a version of a backup that ends before it begins, or was last seen outside of its time.
-- severity: error
-- relation: history.backups
select scope, id, valid_from, valid_to, last_seen
from history.backups
where valid_to <= valid_from or last_seen < valid_from or last_seen >= valid_to
