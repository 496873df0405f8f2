-- One row per vault of the service: is every disk approved that it leaves out of the backups of a
-- server?
-- id: volume-exclusions-approved
-- title: Disks that are left out of backups are approved
-- severity: medium
-- version: 1
-- subject: service_vault
-- parameters: max_input_age_hours
-- remedy: Include the disk in the backups of its server, or approve it under volume_exclusions in
--   the policy.
-- reasons:
--   nothing_left_out: pass: No disk of its {servers} servers is left out.
--   approved: pass: Disks of {servers_without} of its {servers} servers are left out, and approved.
--   not_approved: fail: Disks are left out without approval: {disks_left_out}.
--   disks_not_known: unknown: Only some disks are included, and the others are not known: the list
--     of servers is not read.
--   input_incomplete: unknown: The list of vaults is not proven complete: there may be others.
--   input_stale: unknown: The vaults were not read lately.
--   no_servers: not_applicable: No server in scope is associated with it.
--   input_missing: not_applicable: The vaults are not read: the account needs cbr:vaults:list.
with exclusions as (
    select
        scope,
        vault_id,
        count(*) as servers_without,
        bool_and(is_approved) as are_approved,
        bool_or(may_leave_out) as may_leave_out,
        coalesce(
            array_to_string(
                list_sort(array_agg(disks_left_out) filter (where not is_approved)), '; '
            ),
            ''
        ) as disks_left_out
    from intermediate.int_volume_exclusions
    group by scope, vault_id
),

servers as (
    select resources.scope, resources.vault_id, count(*) as servers
    from cbr.vault_resources as resources
    left join intermediate.int_rules as rules
        on resources.scope = rules.scope and resources.id = rules.resource_id
    where resources.type like 'OS::%Server' and rules.exclusion_id is null
    group by resources.scope, resources.vault_id
)

select
    vaults.scope,
    vaults.snapshot_id,
    vaults.subject_id,
    case
        when vaults.vaults_state = 'missing' then 'input_missing'
        when vaults.vaults_state = 'stale' then 'input_stale'
        when vaults.vault_id is null then 'input_incomplete'
        when not exclusions.are_approved then 'not_approved'
        when exclusions.may_leave_out then 'disks_not_known'
        when exclusions.are_approved then 'approved'
        when servers.servers > 0 then 'nothing_left_out'
        else 'no_servers'
    end as reason_code,
    servers.servers,
    exclusions.servers_without,
    exclusions.disks_left_out
from intermediate.int_service_vaults as vaults
left join exclusions on vaults.scope = exclusions.scope and vaults.vault_id = exclusions.vault_id
left join servers on vaults.scope = servers.scope and vaults.vault_id = servers.vault_id
