-- One row per recovery point and target region: the outcome of the latest replication.
-- kind: view
select
    scope,
    points.snapshot_id,
    backup_id, -- VARCHAR: ID of the source backup.
    points.resource_id,
    points.resource_name,
    points.vault_id,
    points.rp_time,
    records.destination_region, -- VARCHAR: Region of the copy.
    records.destination_project_id, -- VARCHAR: ID of the project of the copy.
    records.destination_vault_id,
    records.destination_backup_id, -- VARCHAR: ID of the copy.
    records.status, -- VARCHAR: Status of the replication.
    records.created_at, -- TIMESTAMP: When the replication was started.
    records.fail_code,
    records.fail_reason,
    -- VARCHAR: verified, claimed or lost. Null if the record names no copy.
    copies.state as copy_state,
    copies.copied_at,
    records.told_since,
    -- DOUBLE: Time from the capture of the point to its copy, if the copy was seen.
    cast(
        date_diff(
            'second',
            date_trunc('second', points.rp_time),
            date_trunc('second', copies.copied_at)
        ) as double
    ) / 3600.0 as lag_hours
from intermediate.int_replications as records
inner join intermediate.int_recovery_points as points using (scope, backup_id)
left join intermediate.int_copies as copies
    on points.scope = copies.scope
    and points.backup_id = copies.source_backup_id
    and records.destination_backup_id = copies.destination_backup_id
where records.place = 1 and not points.is_replica
