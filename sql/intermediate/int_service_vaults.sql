-- One row per vault of the service, with the requirements that apply to it. A scope whose vaults
-- are not known, or not proven to be all, has a row of its own.
with inputs as (
    select
        scope,
        snapshot_id,
        as_of,
        max(case when input = 'vaults' then state end) as vaults_state,
        max(case when input = 'policies' then state end) as policies_state,
        max(case when input = 'protectables' then state end) as protectables_state
    from staging.stg_inputs
    group by scope, snapshot_id, as_of
),

known_vaults as (
    select
        scope,
        inputs.snapshot_id,
        inputs.as_of,
        vaults.id as vault_id,
        vaults.name as vault_name,
        vaults.enterprise_project_id,
        inputs.vaults_state,
        inputs.policies_state,
        inputs.protectables_state
    from cbr.vaults as vaults
    inner join inputs using (scope)
    where inputs.vaults_state <> 'missing'
),

vault_selectors as (
    select scope, vault_id, 'vault_id' as selector, vault_id as value
    from known_vaults
    union all
    select scope, vault_id, 'enterprise_project_id' as selector, enterprise_project_id as value
    from known_vaults
),

vault_rules as (
    -- The rule for the vault decides, then the rule for its enterprise project.
    select scope, selectors.vault_id, matches.policy_rule_id
    from vault_selectors as selectors
    inner join policy.matches as matches using (scope, selector, value)
    where matches.kind = 'assign'
    qualify row_number() over (
        partition by scope, selectors.vault_id
        order by matches.specificity desc, matches.priority desc, matches.policy_rule_id
    ) = 1
),

resource_selectors as (
    -- Resources that were never backed up have no other rule than what matches these.
    select scope, id as resource_id, 'resource_id' as selector, id as value
    from cbr.vault_resources
    union
    select scope, id as resource_id, 'resource_type' as selector, type as value
    from cbr.vault_resources
    union
    select
        scope,
        id as resource_id,
        'enterprise_project_id' as selector,
        detail_enterprise_project_id as value
    from cbr.protectables
),

resource_rules as (
    select scope, selectors.resource_id, matches.kind, matches.policy_rule_id
    from resource_selectors as selectors
    inner join policy.matches as matches using (scope, selector, value)
    qualify row_number() over (
        partition by scope, selectors.resource_id, matches.kind
        order by matches.priority desc, matches.specificity desc, matches.policy_rule_id
    ) = 1
),

rules_of_resources as (
    select
        resources.scope,
        resources.vault_id,
        coalesce(rules.policy_rule_id, assignments.policy_rule_id, 'default') as policy_rule_id
    from cbr.vault_resources as resources
    left join intermediate.int_rules as rules
        on resources.scope = rules.scope and resources.id = rules.resource_id
    left join resource_rules as assignments
        on resources.scope = assignments.scope
        and resources.id = assignments.resource_id
        and assignments.kind = 'assign'
    left join resource_rules as exclusions
        on resources.scope = exclusions.scope
        and resources.id = exclusions.resource_id
        and exclusions.kind = 'exclude'
    where rules.exclusion_id is null and exclusions.policy_rule_id is null
),

vault_tiers as (
    select distinct
        scope,
        vault_id,
        coalesce(
            vault_rules.policy_rule_id, rules_of_resources.policy_rule_id, 'default'
        ) as policy_rule_id
    from known_vaults
    left join vault_rules using (scope, vault_id)
    left join rules_of_resources using (scope, vault_id)
),

requirements as (
    -- Resources of several tiers share a vault: it has to be good enough for each of them.
    select
        scope,
        vault_tiers.vault_id,
        policy_rule_id,
        tiers.tier,
        tiers.owner,
        min(tiers.rpo_hours) over (partition by scope, vault_tiers.vault_id) as rpo_hours,
        max(tiers.min_retention_days) over (partition by scope, vault_tiers.vault_id)
            as min_retention_days,
        -- As texts, "required" is more than "none".
        max(tiers.immutability) over (partition by scope, vault_tiers.vault_id) as immutability
    from vault_tiers
    inner join policy.tiers using (scope, policy_rule_id)
    qualify row_number() over (
        partition by scope, vault_tiers.vault_id
        order by tiers.rpo_hours, tiers.min_retention_days desc, policy_rule_id
    ) = 1
),

scopes_with_vaults as (
    select distinct scope from known_vaults
),

subjects as (
    select *, 'service_vault' as subject_type, vault_id as subject_id
    from known_vaults
    union all
    select
        inputs.scope,
        inputs.snapshot_id,
        inputs.as_of,
        cast(null as varchar) as vault_id,
        cast(null as varchar) as vault_name,
        cast(null as varchar) as enterprise_project_id,
        inputs.vaults_state,
        inputs.policies_state,
        inputs.protectables_state,
        'scope' as subject_type,
        inputs.scope as subject_id
    from inputs
    left join scopes_with_vaults as others on inputs.scope = others.scope
    where inputs.vaults_state in ('missing', 'incomplete')
        or (inputs.vaults_state = 'stale' and others.scope is null)
)

select
    subjects.scope,
    -- VARCHAR: Snapshot of the scope: the UTC second at which reading began, for example
    -- 20261123T020000Z.
    subjects.snapshot_id,
    subjects.as_of,
    subjects.subject_id, -- VARCHAR: ID of the vault, or name of the scope.
    subjects.subject_type, -- VARCHAR: service_vault or scope.
    subjects.vault_id, -- VARCHAR: ID of the vault. Null for a scope.
    subjects.vault_name, -- VARCHAR: Name of the vault.
    subjects.enterprise_project_id, -- VARCHAR: ID of the enterprise project of the vault.
    -- VARCHAR: State of the input vaults: ready, incomplete, stale or missing.
    subjects.vaults_state,
    -- VARCHAR: State of the input policies: ready, incomplete, stale or missing.
    subjects.policies_state,
    -- VARCHAR: State of the input protectables: ready, incomplete, stale or missing.
    subjects.protectables_state,
    requirements.policy_rule_id,
    requirements.tier,
    requirements.owner,
    requirements.rpo_hours, -- BIGINT: Shortest recovery point objective of its tiers. Unit: h.
    -- BIGINT: Longest retention that one of its tiers requires. Unit: d.
    requirements.min_retention_days,
    -- VARCHAR: required if one of its tiers requires a copy that nobody can delete, or none.
    requirements.immutability
from subjects
left join requirements using (scope, vault_id)
