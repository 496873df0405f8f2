-- One row per table of a snapshot whose landed records differ from loaded plus rejected records.
-- severity: error
-- relation: meta.loads
select scope, snapshot_id, table_name, records, row_count, rejects
from meta.loads
where records <> row_count + rejects
