-- One row per vault of the service: does an enabled backup policy back up what is in it?
-- id: vault-policy-enabled
-- title: Every vault has an enabled backup policy
-- severity: high
-- version: 1
-- subject: service_vault
-- parameters: max_input_age_hours
-- remedy: Apply a backup policy to the vault, or enable the one that it has. A frozen vault needs
--   its bill paid first.
-- reasons:
--   enabled: pass: Of its backup policies, {enabled_policies} of {policies} are enabled.
--   no_policy: fail: No backup policy is applied to it.
--   disabled: fail: None of its backup policies is enabled: {policy_names}.
--   frozen: fail: The vault is frozen: its policies do not run.
--   enabled_not_said: unknown: The service does not say whether its backup policies are enabled.
--   input_incomplete: unknown: The list of vaults or of policies is not proven complete.
--   input_stale: unknown: The vaults or policies were not read lately.
--   replication_vault: not_applicable: It holds copies only.
--   input_missing: not_applicable: The vaults or policies are not read: the account needs
--     cbr:vaults:list and cbr:policies:list.
select
    vaults.scope,
    vaults.snapshot_id,
    vaults.subject_id,
    case
        when vaults.vaults_state = 'missing' or vaults.policies_state = 'missing'
            then 'input_missing'
        when vaults.vaults_state = 'stale' or vaults.policies_state = 'stale' then 'input_stale'
        when vaults.vault_id is null then 'input_incomplete'
        when present.billing_protect_type = 'replication' then 'replication_vault'
        when present.frozen or present.billing_status = 'frozen' then 'frozen'
        when schedules.enabled_policies > 0 then 'enabled'
        when schedules.undecided_policies > 0 then 'enabled_not_said'
        when vaults.policies_state = 'incomplete' then 'input_incomplete'
        when schedules.policies > 0 then 'disabled'
        else 'no_policy'
    end as reason_code,
    schedules.policies,
    schedules.enabled_policies,
    schedules.policy_names
from intermediate.int_service_vaults as vaults
left join cbr.vaults as present
    on vaults.scope = present.scope and vaults.vault_id = present.id
left join intermediate.int_vault_schedules as schedules
    on vaults.scope = schedules.scope and vaults.vault_id = schedules.vault_id
