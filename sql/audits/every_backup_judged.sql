-- One row a backup that is neither a recovery point nor a known part of one, so that nobody judges it.
-- severity: error
-- relation: intermediate.int_recovery_points
select b.scope, b.snapshot_id, b.id
from cbr.backups as b
left join intermediate.int_recovery_points as p
    on b.scope = p.scope and b.snapshot_id = p.snapshot_id and b.id = p.backup_id
left join cbr.children as c on b.scope = c.scope and b.snapshot_id = c.snapshot_id and b.id = c.id
where p.backup_id is null and c.id is null
