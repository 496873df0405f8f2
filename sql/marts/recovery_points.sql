-- One row a recovery point of the newest complete snapshot: its state, its moment, and the tier of its resource.
-- kind: view
with points as (
    select * from intermediate.int_recovery_points
),

rules as (
    select * from intermediate.int_rules
)

select
    p.scope,
    p.snapshot_id,
    p.as_of,
    p.region,
    p.project_id,
    p.enterprise_project_id,
    p.vault_id,
    p.backup_id,
    p.backup_name,
    p.resource_id,
    p.resource_name,
    p.resource_type,
    p.resource_size,
    p.level,
    u.tier,
    u.owner,
    p.status,
    p.state,
    p.is_usable,
    p.is_dependable,
    p.is_replica,
    p.is_auto,
    p.created_at,
    p.updated_at,
    p.expired_at,
    p.rp_time,
    p.rp_time_is_copy_time,
    p.is_future,
    p.detail_read_at,
    p.retention_kind,
    p.checkpoint_id,
    p.detail_loaded,
    p.is_incremental,
    p.supported_restore_mode
from points as p
inner join rules as u
    on p.scope = u.scope and p.snapshot_id = u.snapshot_id and p.resource_id = u.resource_id
