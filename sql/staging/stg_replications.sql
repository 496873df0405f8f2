-- One row per copy that a replication record tells of: where it came from and where it is.
select
    scope,
    snapshot_id,
    destination_backup_id,
    source_backup_id, -- VARCHAR: Backup that is copied.
    source_project_id, -- VARCHAR: Its project.
    source_region -- VARCHAR: Its region.
from cbr.replication_records
where destination_backup_id is not null and source_backup_id is not null
-- Several records may tell of one copy: what the newest says belongs together.
qualify row_number() over (
    partition by scope, destination_backup_id order by created_at desc nulls last, id desc
) = 1
