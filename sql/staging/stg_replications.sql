-- One row a copy that a replication record tells of: where it came from and where it is.
with records as (
    select * from cbr.replication_records
)

select
    scope,
    snapshot_id,
    destination_backup_id,
    max(source_backup_id) as source_backup_id, -- VARCHAR: Backup that is copied.
    max(source_project_id) as source_project_id, -- VARCHAR: Its project.
    max(source_region) as source_region -- VARCHAR: Its region.
from records
where destination_backup_id is not null and source_backup_id is not null
group by scope, snapshot_id, destination_backup_id
