-- One row a backup that the newest snapshot has and the history does not, or the other way round.
-- severity: error
-- relation: history.backups_open
select coalesce(b.scope, o.scope) as scope, coalesce(b.id, o.id) as id
from cbr.backups as b
full outer join history.backups_open as o on b.scope = o.scope and b.id = o.id
where b.id is null or o.id is null
