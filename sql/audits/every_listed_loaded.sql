-- One row a snapshot in which fewer backups are loaded, rejected or known to have vanished than the list named.
-- severity: error
-- relation: meta.snapshots
select s.scope, s.snapshot_id, s.listed, s.vanished, l.row_count, l.rejects
from meta.snapshots as s
inner join meta.loads as l on s.scope = l.scope and s.snapshot_id = l.snapshot_id and l.table_name = 'backups'
where s.listed > l.row_count + l.rejects + s.vanished
