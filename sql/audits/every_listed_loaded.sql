-- One row per snapshot with fewer loaded, rejected and vanished backups than listed backups.
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
