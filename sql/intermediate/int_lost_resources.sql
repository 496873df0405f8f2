-- One row per resource that had a backup of its own, or a part in one, which is gone; it may have
-- others.
with lost_points as (
    -- Where another project was read, absence says nothing; the points themselves stay as unknown
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
    -- A volume_via_server is known from a server's backup alone.
    subject_type, -- VARCHAR: server, volume, turbo, other, unknown or volume_via_server.
    resource_name, -- VARCHAR: Latest known name of the resource.
    resource_type, -- VARCHAR: Type of the resource.
    project_id, -- VARCHAR: Project of the resource.
    region,
    enterprise_project_id, -- VARCHAR: Enterprise project, where a backup says it.
    vault_id, -- VARCHAR: Vault that holds its backups, or held them.
    server_id, -- VARCHAR: The server whose backup a disk is known from.
    gone_at
        as lost_at -- TIMESTAMP: The first complete snapshot that has its last such backup no more.
from sightings
-- Its own backups say more of a resource than a server's, newer ones more than older.
qualify row_number() over (
    partition by scope, resource_id order by rank_of_kind, gone_at desc, backup_id, resource_name
) = 1
