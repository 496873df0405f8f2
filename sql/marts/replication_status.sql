-- One row a recovery point and region that a replication of it was begun to: how the last one ended.
-- kind: view
with records as (
    select * from intermediate.int_replications where place = 1
),

points as (
    select * from intermediate.int_recovery_points where not is_replica
),

copies as (
    select * from intermediate.int_copies
)

select
    p.scope,
    p.snapshot_id,
    p.backup_id, -- VARCHAR: Id of the backup that is copied.
    p.resource_id,
    p.resource_name,
    p.vault_id,
    p.rp_time,
    r.destination_region, -- VARCHAR: Its region.
    r.destination_project_id, -- VARCHAR: Its project.
    r.destination_vault_id,
    r.destination_backup_id, -- VARCHAR: The copy.
    r.status, -- VARCHAR: State of the replication.
    r.created_at, -- TIMESTAMP: When the replication began.
    r.fail_code,
    r.fail_reason,
    c.state as copy_state, -- VARCHAR: verified, claimed or lost, where the record tells of a copy.
    c.copied_at,
    r.told_since,
    cast(date_diff('second', date_trunc('second', p.rp_time), date_trunc('second', c.copied_at)) as double) / 3600.0 as lag_hours -- DOUBLE: From the moment of the point to its copy, where that was seen.
from records as r
inner join points as p
    on r.scope = p.scope and r.snapshot_id = p.snapshot_id and r.backup_id = p.backup_id
left join copies as c
    on r.scope = c.scope
    and r.snapshot_id = c.snapshot_id
    and r.backup_id = c.source_backup_id
    and r.destination_backup_id = c.destination_backup_id
