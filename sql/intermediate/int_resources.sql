-- One row per resource of a scope that has a backup, or lately had one. Disks inside server backups
-- are included.
with children as (
    select scope, backup_id, child_id, resource_id, resource_name, resource_type, created_at
    from staging.stg_children
    union all
    -- Disks of backups whose details are unread in this snapshot, as they were last read.
    select
        scope,
        backup_id,
        id as child_id,
        coalesce(nullif(resource_id, ''), 'resource of backup ' || id) as resource_id,
        resource_name,
        resource_type,
        created_at
    from history.children_unread
),

sightings as (
    -- Local backups take precedence over copies, and a resource's own backups over server backups.
    select
        scope,
        resource_id,
        case when is_replica then 3 else 1 end as rank_of_kind,
        created_at,
        backup_id,
        '' as child_id,
        level as subject_type,
        resource_name,
        resource_type,
        enterprise_project_id
    from intermediate.int_recovery_points
    union all
    select
        scope,
        children.resource_id,
        case when points.is_replica then 4 else 2 end as rank_of_kind,
        children.created_at,
        backup_id,
        children.child_id,
        'volume_via_server' as subject_type,
        children.resource_name,
        children.resource_type,
        cast(null as varchar) as enterprise_project_id
    from children
    left join intermediate.int_recovery_points as points using (scope, backup_id)
),

kinds as (
    select
        scope,
        resource_id,
        rank_of_kind,
        max(created_at) as last_created_at,
        max(enterprise_project_id) as enterprise_project_id
    from sightings
    group by scope, resource_id, rank_of_kind
),

totals as (
    select
        scope,
        resource_id,
        min(rank_of_kind) as rank_of_kind,
        max(enterprise_project_id) as enterprise_project_id
    from kinds
    group by scope, resource_id
),

best_sightings as (
    -- Only the newest sighting of the best kind is sorted, to save time.
    select
        sightings.*,
        totals.enterprise_project_id as some_enterprise_project_id,
        row_number() over (partition by scope, resource_id order by backup_id, child_id) as place
    from sightings
    inner join kinds using (scope, resource_id, rank_of_kind)
    inner join totals using (scope, resource_id, rank_of_kind)
    where sightings.created_at = kinds.last_created_at or kinds.last_created_at is null
),

resources as (
    select
        points.scope,
        points.snapshot_id,
        best.resource_id,
        best.subject_type,
        best.resource_name,
        best.resource_type,
        points.project_id,
        points.region,
        coalesce(
            points.enterprise_project_id,
            best.some_enterprise_project_id,
            servers.enterprise_project_id
        ) as enterprise_project_id,
        points.vault_id,
        case when best.subject_type = 'volume_via_server' then points.resource_id end as server_id,
        best.rank_of_kind >= 3 as only_replicas,
        cast(null as timestamp) as lost_at
    from best_sightings as best
    inner join intermediate.int_recovery_points as points using (scope, backup_id)
    left join totals as servers
        on points.scope = servers.scope and points.resource_id = servers.resource_id
    where best.place = 1
    union all
    select
        scope,
        lost.snapshot_id,
        resource_id,
        lost.subject_type,
        lost.resource_name,
        lost.resource_type,
        lost.project_id,
        lost.region,
        lost.enterprise_project_id,
        lost.vault_id,
        lost.server_id,
        false as only_replicas,
        lost.lost_at
    from intermediate.int_lost_resources as lost
    left join totals using (scope, resource_id)
    where totals.rank_of_kind is null
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
    only_replicas, -- BOOLEAN: Whether the scope has only copies of the resource.
    lost_at -- TIMESTAMP: First complete snapshot without a backup of it. Null if it has one.
from resources
