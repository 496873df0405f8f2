-- One row per snapshot of which fewer backups are loaded, rejected or vanished than the list named.
-- severity: error
-- relation: meta.snapshots
select
    snapshots.scope,
    snapshots.snapshot_id,
    snapshots.listed,
    snapshots.vanished,
    loads.row_count,
    loads.rejects
from meta.snapshots as snapshots
inner join meta.loads as loads using (scope, snapshot_id)
where loads.table_name = 'backups'
    and snapshots.listed > loads.row_count + loads.rejects + snapshots.vanished
