-- One row per resource that the service lists, backed up or not, and one per disk in the list of
-- disks of a server.
-- kind: view
with disks as (
    select
        disks.*,
        known.first_seen,
        known.last_seen,
        servers.detail_created as server_created_at,
        servers.detail_enterprise_project_id as server_enterprise_project_id
    from cbr.protectable_disks as disks
    inner join history.protectable_disks_open as known using (scope, server_id, id)
    left join cbr.protectables as servers
        on disks.scope = servers.scope and disks.server_id = servers.id
),

listings as (
    select
        scope,
        id as resource_id,
        cast(null as varchar) as server_id,
        protectables.name as resource_name,
        protectables.type as resource_type,
        coalesce(protectables.detail_created, protectables.detail_created_at) as created_at,
        protectables.detail_enterprise_project_id as enterprise_project_id,
        known.first_seen,
        known.last_seen
    from cbr.protectables as protectables
    inner join history.protectables_open as known using (scope, id)
    union all
    select
        scope,
        id as resource_id,
        server_id,
        name as resource_name,
        coalesce(type, 'OS::Cinder::Volume') as resource_type,
        server_created_at as created_at,
        server_enterprise_project_id as enterprise_project_id,
        first_seen,
        last_seen
    from disks
)

select
    scope,
    resource_id, -- VARCHAR: ID of the resource.
    server_id, -- VARCHAR: ID of the server that lists the disk. Null if it is listed by itself.
    resource_name, -- VARCHAR: Name of the resource.
    resource_type, -- VARCHAR: Type of the resource, as the service names it.
    -- TIMESTAMP: When it was created. A disk that a server lists counts as old as the server.
    created_at,
    -- VARCHAR: ID of the enterprise project of the resource, or of the server of a disk.
    enterprise_project_id,
    first_seen, -- TIMESTAMP: First complete snapshot that lists it.
    last_seen -- TIMESTAMP: Last complete snapshot that lists it.
from listings
