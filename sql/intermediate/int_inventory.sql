-- One row per server, disk or file system that the service or the user's file lists, backed up or
-- not. Disks that are only listed inside a server are included. A list that is not granted any more
-- has no rows, neither has a stale file, nor a stale list beside a file that is not.
with listings as (
    select
        scope,
        resource_id,
        listed.server_id,
        listed.resource_name,
        listed.resource_type,
        listed.enterprise_project_id,
        listed.created_at,
        listed.first_seen,
        false as is_of_file
    from staging.stg_protectables as listed
    inner join intermediate.int_input_states as inputs using (scope)
    where inputs.input = 'inventory'
        and (
            inputs.service_state in ('ready', 'incomplete')
            or (inputs.service_state = 'stale' and inputs.file_state <> 'ready')
        )
    union all
    select
        scope,
        files.resource_id,
        cast(null as varchar) as server_id,
        files.name as resource_name,
        files.type as resource_type,
        files.enterprise_project_id,
        files.created_at,
        cast(null as timestamp) as first_seen,
        true as is_of_file
    from cbr.inventory as files
    inner join intermediate.int_input_states as inputs using (scope)
    where inputs.input = 'inventory' and inputs.file_state = 'ready'
),

resources as (
    -- What a resource says of itself takes precedence over what its server says, and the service
    -- over the file.
    select *
    from listings
    qualify row_number() over (
        partition by scope, resource_id order by is_of_file, server_id nulls first
    ) = 1
),

servers_of_disks as (
    select scope, resource_id, min(server_id) as server_id
    from staging.stg_protectables
    group by scope, resource_id
),

vaults_of_resources as (
    select scope, resource_id, min(vault_id) as vault_id
    from staging.stg_associations
    group by scope, resource_id
)

select
    scope,
    inputs.snapshot_id,
    inputs.as_of,
    inputs.state, -- VARCHAR: Whether the list can be used: ready, incomplete or stale.
    resource_id, -- VARCHAR: ID of the resource.
    coalesce(resource_types.level, 'unknown')
        as subject_type, -- VARCHAR: server, volume, turbo, other or unknown.
    resources.resource_name, -- VARCHAR: Name of the resource.
    resource_type, -- VARCHAR: Type of the resource.
    snapshots.project_id, -- VARCHAR: ID of the project of the resource.
    snapshots.region,
    -- VARCHAR: ID of the enterprise project of the resource, or of the server of a disk.
    resources.enterprise_project_id,
    servers_of_disks.server_id, -- VARCHAR: ID of the server that the disk is attached to.
    -- VARCHAR: ID of a vault whose policies back it up, itself or as a disk of its server. Null if
    -- there is none, or if the vaults were never read.
    vaults_of_resources.vault_id,
    -- TIMESTAMP: When it was created. A disk that a server lists counts as old as the server.
    resources.created_at,
    -- TIMESTAMP: First complete snapshot that lists it. Null if only a file does.
    resources.first_seen
from resources
inner join intermediate.int_input_states as inputs using (scope)
inner join staging.stg_snapshots as snapshots using (scope)
left join staging.stg_resource_types as resource_types using (resource_type)
left join servers_of_disks using (scope, resource_id)
left join vaults_of_resources using (scope, resource_id)
where inputs.input = 'inventory'
