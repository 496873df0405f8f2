-- One row per copy that a replication record names: its source and its destination.
select
    scope,
    snapshot_id,
    destination_backup_id,
    source_backup_id, -- VARCHAR: ID of the source backup.
    source_project_id, -- VARCHAR: ID of the source project.
    source_region -- VARCHAR: Source region.
from cbr.replication_records
where destination_backup_id is not null and source_backup_id is not null
-- Several records may name the same copy. All values come from the newest record.
qualify row_number() over (
    partition by scope, destination_backup_id order by created_at desc nulls last, id desc
) = 1
