-- One row per backup that is in the newest snapshot or in the history, but not in both.
-- severity: error
-- relation: history.backups_open
select
    coalesce(backups.scope, lasting.scope) as scope,
    coalesce(backups.id, lasting.id) as id
from cbr.backups as backups
full outer join history.backups_open as lasting
    on backups.scope = lasting.scope and backups.id = lasting.id
where backups.id is null or lasting.id is null
