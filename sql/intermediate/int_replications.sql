-- One row a replication of a backup that a record tells of; the last one to each region comes first.
with records as (
    -- What a part of a backup carries is told of the whole, too.
    select * from cbr.replication_records where backup_id = top_backup_id
),

changed as (
    select scope, top_backup_id, backup_id, id, valid_from from history.replication_records_open
),

since as (
    select scope, id, first_seen from history.backups_open
)

select
    r.scope,
    r.snapshot_id,
    r.backup_id, -- VARCHAR: Id of the backup that carries the record.
    r.id as record_id, -- VARCHAR: Id of the record.
    r.status,
    r.created_at,
    r.source_backup_id,
    r.source_region,
    r.destination_backup_id,
    r.destination_project_id,
    r.destination_region,
    r.destination_vault_id,
    r.extra_info_fail_code as fail_code, -- VARCHAR: Why it failed.
    coalesce(
        nullif(r.extra_info_fail_reason, ''),
        -- Some services say it as plain text in the place of an object.
        case when r.extra_info like '"%' then json_extract_string(r.extra_info, '$') end
    ) as fail_reason, -- VARCHAR: The same in words.
    coalesce(c.valid_from, s.first_seen) as told_since, -- TIMESTAMP: The first complete snapshot that has the record as it is.
    row_number() over (
        partition by r.scope, r.snapshot_id, r.backup_id, r.destination_region
        order by r.created_at desc nulls last, r.id desc
    ) as place -- BIGINT: 1 for the last one to its region.
from records as r
left join since as s on r.scope = s.scope and r.backup_id = s.id
left join changed as c
    on r.scope = c.scope and r.top_backup_id = c.top_backup_id and r.backup_id = c.backup_id and r.id = c.id
