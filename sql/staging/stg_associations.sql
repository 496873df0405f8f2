-- One row per vault and resource that its policies back up, or disk of such a server. What the
-- vault only stores, and disks that it leaves out, have none.
-- kind: view
with members as (
    select
        resources.scope,
        resources.vault_id,
        resources.id as resource_id,
        coalesce(resources.extra_info_exclude_volumes, cast([] as varchar[])) as excluded_disks,
        resources.extra_info_include_volumes as included_disks,
        coalesce(array_to_string(resources.extra_info_include_volumes, ','), '')
            = '' as includes_every_disk
    from cbr.vault_resources as resources
    left join cbr.vaults as vaults
        on resources.scope = vaults.scope and resources.vault_id = vaults.id
    -- Vaults for copies back nothing up.
    where coalesce(resources.auto_protect, true)
        and coalesce(vaults.billing_protect_type, 'backup') <> 'replication'
),

associations as (
    select scope, vault_id, resource_id, cast(null as varchar) as server_id
    from members
    union all
    select members.scope, members.vault_id, disks.id as resource_id, disks.server_id
    from members
    inner join cbr.protectable_disks as disks
        on members.scope = disks.scope and members.resource_id = disks.server_id
    where not list_contains(members.excluded_disks, disks.id)
        and (members.includes_every_disk or list_contains(members.included_disks, disks.id))
)

select
    scope,
    vault_id, -- VARCHAR: ID of the vault.
    resource_id, -- VARCHAR: ID of the resource.
    server_id -- VARCHAR: ID of the server that brings the disk along. Null for its own association.
from associations
