-- One row per vault of the service: do its enabled backup policies together run often enough?
-- id: policy-frequency
-- title: Backup policies run at least once within the RPO
-- severity: high
-- version: 1
-- subject: service_vault
-- worse: higher
-- parameters: rpo_hours, schedule_days, max_input_age_hours
-- remedy: Add runs to the trigger of a backup policy of the vault, so that no two runs are further
--   apart than the RPO. Times of policies are UTC.
-- reasons:
--   often_enough: pass: Its backup policies leave at most {shown_hours} h without a run; the RPO is
--     {rpo_hours} h.
--   too_rare: fail: Its backup policies leave up to {shown_hours} h without a run; the RPO is
--     {rpo_hours} h.
--   pattern_not_read: unknown: The trigger of a backup policy can't be read: {pattern_problem}.
--   interval_not_known: unknown: Its backup policies run less than twice in the days ahead that are
--     computed.
--   enabled_not_said: unknown: The service does not say whether its backup policies are enabled.
--   input_incomplete: unknown: The list of vaults or of policies is not proven complete.
--   input_stale: unknown: The vaults or policies were not read lately.
--   replication_vault: not_applicable: It holds copies only.
--   no_policy: not_applicable: It has no enabled backup policy: see vault-policy-enabled.
--   input_missing: not_applicable: The vaults or policies are not read: the account needs
--     cbr:vaults:list and cbr:policies:list.
select
    vaults.scope,
    vaults.snapshot_id,
    vaults.subject_id,
    -- What is not known of policies can only add runs.
    case
        when vaults.vaults_state = 'missing' or vaults.policies_state = 'missing'
            then 'input_missing'
        when vaults.vaults_state = 'stale' or vaults.policies_state = 'stale' then 'input_stale'
        when vaults.vault_id is null then 'input_incomplete'
        when present.billing_protect_type = 'replication' then 'replication_vault'
        when schedules.pattern_problem is not null then 'pattern_not_read'
        when schedules.runs >= 2 and schedules.longest_wait_hours <= vaults.rpo_hours
            then 'often_enough'
        when schedules.undecided_policies > 0 then 'enabled_not_said'
        when vaults.policies_state = 'incomplete' then 'input_incomplete'
        when coalesce(schedules.enabled_policies, 0) = 0 then 'no_policy'
        when schedules.longest_wait_hours > vaults.rpo_hours then 'too_rare'
        else 'interval_not_known'
    end as reason_code,
    case
        when schedules.enabled_policies > 0 and schedules.pattern_problem is null
            then schedules.longest_wait_hours
    end as measured_value,
    'h' as measured_unit,
    vaults.rpo_hours as threshold_value,
    cast(floor(schedules.longest_wait_hours * 10.0) as double) / 10.0 as shown_hours,
    vaults.rpo_hours,
    schedules.pattern_problem
from intermediate.int_service_vaults as vaults
left join cbr.vaults as present
    on vaults.scope = present.scope and vaults.vault_id = present.id
left join intermediate.int_vault_schedules as schedules
    on vaults.scope = schedules.scope and vaults.vault_id = schedules.vault_id
