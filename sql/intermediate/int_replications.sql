-- One row per replication of a backup that a record reports, ranked by time for each region.
select
    records.scope,
    records.snapshot_id,
    records.backup_id, -- VARCHAR: ID of the backup that has the record.
    records.id as record_id, -- VARCHAR: ID of the record.
    records.status,
    records.created_at,
    records.source_backup_id,
    records.source_region,
    records.destination_backup_id,
    records.destination_project_id,
    records.destination_region,
    records.destination_vault_id,
    records.extra_info_fail_code as fail_code, -- VARCHAR: Error code of the failure.
    coalesce(
        nullif(records.extra_info_fail_reason, ''),
        -- Some services send plain text instead of an object.
        case when records.extra_info like '"%' then json_extract_string(records.extra_info, '$') end
    ) as fail_reason, -- VARCHAR: Reason for the failure.
    coalesce(changed_records.valid_from, backups.first_seen)
        as told_since, -- TIMESTAMP: First complete snapshot with the record in this state.
    row_number() over (
        partition by records.scope, records.backup_id, records.destination_region
        order by records.created_at desc nulls last, records.id desc
    ) as place -- BIGINT: Rank for its region; 1 is the latest replication.
from cbr.replication_records as records
left join history.replication_records_open as changed_records
    using (scope, top_backup_id, backup_id, id)
left join history.backups_open as backups
    on records.scope = backups.scope and records.backup_id = backups.id
-- Records of a part of a backup are repeated for the backup itself.
where records.backup_id = records.top_backup_id
