-- One row per vault of the service: do its enabled backup policies keep backups long enough?
-- id: policy-retention
-- title: Backup policies keep backups long enough
-- severity: high
-- version: 1
-- subject: service_vault
-- worse: lower
-- parameters: min_retention_days, schedule_days, max_input_age_hours
-- remedy: Raise the days or the number of backups of the policy. The new rule holds for backups
--   that are made from then on.
-- reasons:
--   long_enough: pass: The backups of its policies reach back at least {least_days} days;
--     {min_retention_days} are required.
--   permanent: pass: Its backup policies remove no backup.
--   too_short: fail: The backups of {policy_name} reach back {shown_days} days;
--     {min_retention_days} are required.
--   pattern_not_read: unknown: A policy keeps a number of backups, and the times of its runs are
--     not known.
--   enabled_not_said: unknown: The service does not say whether a backup policy is enabled.
--   input_incomplete: unknown: The list of vaults or of policies is not proven complete.
--   input_stale: unknown: The vaults or policies were not read lately.
--   replication_vault: not_applicable: It holds copies only.
--   no_policy: not_applicable: It has no enabled backup policy: see vault-policy-enabled.
--   input_missing: not_applicable: The vaults or policies are not read: the account needs
--     cbr:vaults:list and cbr:policies:list.
with dated_policies as (
    -- Each policy removes what it made, so the one that keeps its backups shortest decides.
    select
        scope,
        vault_id,
        policy_name,
        is_known,
        kept_days,
        row_number() over (
            partition by scope, vault_id, is_known order by kept_days, policy_name
        ) as place
    from intermediate.int_vault_policies
    where not is_permanent
),

shortest_policies as (
    select scope, vault_id, policy_name, kept_days
    from dated_policies
    where is_known and place = 1
),

least_kept as (
    -- Where the runs of a policy are not known, its days are the least that it keeps.
    select scope, vault_id, min(kept_days) as least_days
    from dated_policies
    group by scope, vault_id
)

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
        when shortest_policies.kept_days < vaults.min_retention_days then 'too_short'
        when schedules.undecided_policies > 0 then 'enabled_not_said'
        when vaults.policies_state = 'incomplete' then 'input_incomplete'
        when coalesce(schedules.enabled_policies, 0) = 0 then 'no_policy'
        when least_kept.least_days is null then 'permanent'
        when least_kept.least_days >= vaults.min_retention_days then 'long_enough'
        else 'pattern_not_read'
    end as reason_code,
    case
        when shortest_policies.kept_days < vaults.min_retention_days
            then shortest_policies.kept_days
        when least_kept.least_days >= vaults.min_retention_days then least_kept.least_days
    end as measured_value,
    'd' as measured_unit,
    vaults.min_retention_days as threshold_value,
    cast(floor(shortest_policies.kept_days * 10.0) as double) / 10.0 as shown_days,
    cast(floor(least_kept.least_days * 10.0) as double) / 10.0 as least_days,
    vaults.min_retention_days,
    shortest_policies.policy_name
from intermediate.int_service_vaults as vaults
left join cbr.vaults as present
    on vaults.scope = present.scope and vaults.vault_id = present.id
left join intermediate.int_vault_schedules as schedules
    on vaults.scope = schedules.scope and vaults.vault_id = schedules.vault_id
left join shortest_policies
    on vaults.scope = shortest_policies.scope and vaults.vault_id = shortest_policies.vault_id
left join least_kept
    on vaults.scope = least_kept.scope and vaults.vault_id = least_kept.vault_id
