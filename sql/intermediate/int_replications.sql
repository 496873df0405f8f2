-- One row per replication of a backup that a record tells of; the last one to each region comes
-- first.
select
    records.scope,
    records.snapshot_id,
    records.backup_id, -- VARCHAR: ID of the backup that carries the record.
    records.id as record_id, -- VARCHAR: ID of the record.
    records.status,
    records.created_at,
    records.source_backup_id,
    records.source_region,
    records.destination_backup_id,
    records.destination_project_id,
    records.destination_region,
    records.destination_vault_id,
    records.extra_info_fail_code as fail_code, -- VARCHAR: Why it failed.
    coalesce(
        nullif(records.extra_info_fail_reason, ''),
        -- Some services say it as plain text in the place of an object.
        case when records.extra_info like '"%' then json_extract_string(records.extra_info, '$') end
    ) as fail_reason, -- VARCHAR: The same in words.
    coalesce(changed_records.valid_from, backups.first_seen)
        as told_since, -- TIMESTAMP: The first complete snapshot that has the record as it is.
    row_number() over (
        partition by records.scope, records.backup_id, records.destination_region
        order by records.created_at desc nulls last, records.id desc
    ) as place -- BIGINT: 1 for the last one to its region.
from cbr.replication_records as records
left join history.replication_records_open as changed_records
    using (scope, top_backup_id, backup_id, id)
left join history.backups_open as backups
    on records.scope = backups.scope and records.backup_id = backups.id
-- What a part of a backup carries is told of the whole, too.
where records.backup_id = records.top_backup_id
