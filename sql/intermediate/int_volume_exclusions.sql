-- One row per vault of the service and server whose backups leave disks out: the disks that the
-- vault excludes, and all others where it includes only some.
with approvals as (
    select distinct scope, value as disk_id
    from policy.matches
    where kind = 'exclude_volume' and selector = 'resource_id'
),

servers as (
    -- What is out of scope needs no approval.
    select
        resources.scope,
        vaults.snapshot_id,
        resources.vault_id,
        resources.id as server_id,
        coalesce(resources.extra_info_include_volumes, cast([] as varchar[])) as included,
        list_sort(coalesce(resources.extra_info_exclude_volumes, cast([] as varchar[])))
            as excluded,
        vaults.protectables_state in ('ready', 'incomplete') and protectables.id is not null
            as are_disks_known
    from cbr.vault_resources as resources
    inner join intermediate.int_service_vaults as vaults
        on resources.scope = vaults.scope and resources.vault_id = vaults.vault_id
    left join cbr.protectables as protectables
        on resources.scope = protectables.scope and resources.id = protectables.id
    left join intermediate.int_rules as rules
        on resources.scope = rules.scope and resources.id = rules.resource_id
    where rules.exclusion_id is null
),

approved_disks as (
    select
        scope,
        servers.vault_id,
        servers.server_id,
        coalesce(list_sort(array_agg(approvals.disk_id)), cast([] as varchar[])) as approved
    from servers
    inner join approvals using (scope)
    where list_contains(servers.excluded, approvals.disk_id)
    group by scope, servers.vault_id, servers.server_id
),

disks_not_included as (
    select
        scope,
        servers.vault_id,
        server_id,
        count(*) as disks,
        nullif(
            array_to_string(
                list_sort(array_agg(disks.id) filter (where approvals.disk_id is null)), ', '
            ),
            ''
        ) as unapproved
    from servers
    inner join cbr.protectable_disks as disks using (scope, server_id)
    left join approvals on disks.scope = approvals.scope and disks.id = approvals.disk_id
    where servers.included <> cast([] as varchar[])
        and servers.are_disks_known
        and not list_contains(servers.included, disks.id)
    group by scope, servers.vault_id, server_id
),

exclusions as (
    select
        scope,
        servers.snapshot_id,
        vault_id,
        server_id,
        servers.excluded <> cast([] as varchar[]) or disks_not_included.disks > 0 as leaves_out,
        servers.included <> cast([] as varchar[]) and not servers.are_disks_known
            as may_leave_out,
        servers.excluded = coalesce(approved_disks.approved, cast([] as varchar[]))
            as are_excluded_approved,
        nullif(array_to_string(servers.excluded, ', '), '') as excluded_disks,
        nullif(array_to_string(approved_disks.approved, ', '), '') as approved_disks,
        disks_not_included.unapproved
    from servers
    left join approved_disks using (scope, vault_id, server_id)
    left join disks_not_included using (scope, vault_id, server_id)
)

select
    scope,
    -- VARCHAR: Snapshot of the scope: the UTC second at which reading began, for example
    -- 20261123T020000Z.
    snapshot_id,
    vault_id, -- VARCHAR: ID of the vault.
    server_id, -- VARCHAR: ID of the server.
    may_leave_out, -- BOOLEAN: Whether only some disks are included, and the others are not known.
    -- BOOLEAN: Whether the policy approves each disk that is known to be left out.
    are_excluded_approved and unapproved is null as is_approved,
    -- VARCHAR: The server and the disks that are left out, with those that are approved.
    server_id
    || case
        when are_excluded_approved then ''
        else ' without ' || excluded_disks || coalesce(' (approved: ' || approved_disks || ')', '')
    end
    || coalesce(' without ' || unapproved || ', which it does not include', '') as disks_left_out
from exclusions
where leaves_out or may_leave_out
