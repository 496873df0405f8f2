-- One row per table of a snapshot that lost or invented records: landed = loaded + rejected.
-- severity: error
-- relation: meta.loads
select scope, snapshot_id, table_name, records, row_count, rejects
from meta.loads
where records <> row_count + rejects
