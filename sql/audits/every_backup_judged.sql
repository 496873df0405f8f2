-- One row per backup that is neither a recovery point nor a part of one, so no control judges it.
-- severity: error
-- relation: intermediate.int_recovery_points
select backups.scope, backups.snapshot_id, backups.id
from cbr.backups as backups
left join intermediate.int_recovery_points as points
    on backups.scope = points.scope and backups.id = points.backup_id
left join cbr.children as children on backups.scope = children.scope and backups.id = children.id
where points.backup_id is null and children.id is null
