-- One row per resource of a scope: everything that has a backup there or lately had one, disks inside
-- server backups included.
with children as (
    select scope, backup_id, child_id, resource_id, resource_name, resource_type, created_at
    from staging.stg_children
    union all
    -- Disks of backups whose details were not to be had this time, as they were last read.
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
    -- What is here says more of a resource than copies, its own backups more than a server's.
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
    -- The newest sighting of the best kind, so that only few are put in order.
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
    -- A volume_via_server is known from a server's backup alone.
    subject_type, -- VARCHAR: server, volume, turbo, other, unknown or volume_via_server.
    resource_name, -- VARCHAR: Latest known name of the resource.
    resource_type, -- VARCHAR: Type of the resource.
    project_id, -- VARCHAR: Project of the resource.
    region,
    enterprise_project_id, -- VARCHAR: Enterprise project, where a backup says it.
    vault_id, -- VARCHAR: Vault that holds its backups, or held them.
    server_id, -- VARCHAR: The server whose backup a disk is known from.
    only_replicas, -- BOOLEAN: Only copies from elsewhere are seen here.
    lost_at -- TIMESTAMP: The first complete snapshot without a backup of it; null if there is one.
from resources
