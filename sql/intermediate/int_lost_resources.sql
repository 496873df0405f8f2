-- One row per resource with a backup, or a part of one, that has disappeared. It may have other
-- backups.
with lost_points as (
    -- If another project was read, absence proves nothing. The points themselves remain unknown
    -- losses.
    select
        lives.*,
        snapshots.snapshot_id,
        snapshots.project_id,
        snapshots.region
    from history.backup_lifecycle as lives
    inner join staging.stg_snapshots as snapshots using (scope)
    inner join policy.settings using (scope)
    where not lives.is_replica
        and lives.disappearance <> 'vault_or_project_not_seen'
        and lives.gone_at >= snapshots.as_of - settings.look_back_days * interval '1' day
),

sightings as (
    select
        scope,
        snapshot_id,
        resource_id,
        coalesce(resource_types.level, 'unknown') as subject_type,
        1 as rank_of_kind,
        resource_name,
        resource_type,
        project_id,
        region,
        enterprise_project_id,
        vault_id,
        cast(null as varchar) as server_id,
        gone_at,
        backup_id
    from lost_points
    left join staging.stg_resource_types as resource_types using (resource_type)
    union all
    select
        points.scope,
        points.snapshot_id,
        parts.resource_id,
        'volume_via_server' as subject_type,
        2 as rank_of_kind,
        parts.resource_name,
        parts.resource_type,
        points.project_id,
        points.region,
        points.enterprise_project_id,
        points.vault_id,
        points.resource_id as server_id,
        points.gone_at,
        points.backup_id
    from lost_points as points
    inner join staging.stg_closed_parts as parts
        on points.scope = parts.scope
        and points.backup_id = parts.backup_id
        and points.gone_at = parts.valid_to
)

select
    scope,
    snapshot_id,
    resource_id, -- VARCHAR: ID of the resource.
    -- A volume_via_server is a disk that is only in server backups.
    subject_type, -- VARCHAR: server, volume, turbo, other, unknown or volume_via_server.
    resource_name, -- VARCHAR: Latest known name of the resource.
    resource_type, -- VARCHAR: Type of the resource.
    project_id, -- VARCHAR: ID of the project of the resource.
    region,
    enterprise_project_id, -- VARCHAR: ID of the enterprise project, if a backup has it.
    vault_id, -- VARCHAR: ID of the vault of its backups.
    server_id, -- VARCHAR: ID of the server whose backups contain the disk.
    gone_at
        as lost_at -- TIMESTAMP: First complete snapshot without the last of these backups.
from sightings
-- A resource's own backups take precedence over server backups, and newer ones over older ones.
qualify row_number() over (
    partition by scope, resource_id order by rank_of_kind, gone_at desc, backup_id, resource_name
) = 1
