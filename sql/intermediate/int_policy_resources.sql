-- One row per resource that rules of the policy apply to: those with backups, and those that are
-- only listed.
with resources as (
    select
        scope,
        snapshot_id,
        resource_id,
        server_id,
        vault_id,
        enterprise_project_id,
        resource_type
    from intermediate.int_resources
    union all
    select
        scope,
        inventory.snapshot_id,
        resource_id,
        inventory.server_id,
        inventory.vault_id,
        inventory.enterprise_project_id,
        inventory.resource_type
    from intermediate.int_inventory as inventory
    left join intermediate.int_resources as resources using (scope, resource_id)
    where resources.resource_id is null
)

select
    scope,
    snapshot_id,
    resource_id, -- VARCHAR: ID of the resource.
    -- VARCHAR: ID of the server that a disk follows. Null if the disk has backups of its own.
    server_id,
    vault_id, -- VARCHAR: ID of the vault that rules match.
    enterprise_project_id, -- VARCHAR: ID of the enterprise project that rules match.
    resource_type -- VARCHAR: Type of the resource.
from resources
