-- One row per backup that the newest snapshot has and the history does not, or the other way round.
-- severity: error
-- relation: history.backups_open
select
    coalesce(backups.scope, lasting.scope) as scope,
    coalesce(backups.id, lasting.id) as id
from cbr.backups as backups
full outer join history.backups_open as lasting
    on backups.scope = lasting.scope and backups.id = lasting.id
where backups.id is null or lasting.id is null
