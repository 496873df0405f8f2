-- One row per server, disk or file system that the service lists, backed up or not. Disks that are
-- only listed inside a server are included. A list that is not granted any more has no rows.
with resources as (
    -- What a resource says of itself takes precedence over what its server says.
    select *
    from staging.stg_protectables
    qualify row_number() over (
        partition by scope, resource_id order by server_id nulls first
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
    resources.enterprise_project_id,
    servers_of_disks.server_id, -- VARCHAR: ID of the server that the disk is attached to.
    -- VARCHAR: ID of a vault whose policies back it up, itself or as a disk of its server. Null if
    -- there is none, or if the vaults were never read.
    vaults_of_resources.vault_id,
    resources.created_at,
    resources.first_seen
from resources
inner join staging.stg_inputs as inputs using (scope)
inner join staging.stg_snapshots as snapshots using (scope)
left join staging.stg_resource_types as resource_types using (resource_type)
left join servers_of_disks using (scope, resource_id)
left join vaults_of_resources using (scope, resource_id)
where inputs.input = 'protectables' and inputs.state <> 'missing'
