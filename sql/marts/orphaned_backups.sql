-- One row per dependable backup that is old, and whose resource no longer exists.
-- kind: view
select
    points.scope,
    points.snapshot_id,
    points.as_of,
    points.backup_id,
    points.backup_name, -- VARCHAR: Name of the backup.
    points.resource_id, -- VARCHAR: ID of the resource.
    points.resource_name, -- VARCHAR: Name of the resource.
    points.resource_type, -- VARCHAR: Type of the resource.
    points.vault_id, -- VARCHAR: ID of the vault of the backup.
    -- VARCHAR: ID of the enterprise project of the backup.
    points.enterprise_project_id,
    requirements.tier,
    requirements.owner,
    points.rp_time, -- TIMESTAMP: When its data was captured.
    points.expired_at,
    points.resource_size as source_gb, -- BIGINT: Size of the source, not of what is stored.
    orphans.last_listed_at
from controls.orphaned_backup as orphans
inner join intermediate.int_recovery_points as points
    on orphans.scope = points.scope and orphans.subject_id = points.resource_id
inner join policy.settings as settings on points.scope = settings.scope
left join intermediate.int_requirements as requirements
    on points.scope = requirements.scope and points.resource_id = requirements.resource_id
where orphans.reason_code = 'orphaned'
    and points.is_dependable
    and not points.is_replica
    and points.rp_time < points.as_of - settings.orphan_days * interval '1' day
