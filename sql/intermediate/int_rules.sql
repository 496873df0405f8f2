-- One row per resource: the rule that assigns its tier, and the rule that excludes it, if any.
with selectors as (
    -- Properties that rules match. A disk without backups of its own follows its server, unless a
    -- rule names the disk.
    select scope, resource_id, 'resource_id' as selector, resource_id as value, 2 as nearness
    from intermediate.int_policy_resources
    union all
    select scope, resource_id, 'resource_id' as selector, server_id as value, 1 as nearness
    from intermediate.int_policy_resources
    where server_id is not null
    union all
    select scope, resource_id, 'vault_id' as selector, vault_id as value, 1 as nearness
    from intermediate.int_policy_resources
    union all
    select
        scope,
        resource_id,
        'enterprise_project_id' as selector,
        enterprise_project_id as value,
        1 as nearness
    from intermediate.int_policy_resources
    union all
    select scope, resource_id, 'resource_type' as selector, resource_type as value, 1 as nearness
    from intermediate.int_policy_resources
),

deciding_rules as (
    select
        scope,
        selectors.resource_id,
        matches.policy_rule_id,
        matches.kind,
        matches.reason
    from selectors
    inner join policy.matches using (scope, selector, value)
    qualify row_number() over (
        partition by scope, selectors.resource_id, matches.kind
        order by
            matches.priority desc,
            matches.specificity desc,
            selectors.nearness desc,
            matches.policy_rule_id
    ) = 1
),

assignments as (
    select resources.*, coalesce(rules.policy_rule_id, 'default') as policy_rule_id
    from intermediate.int_policy_resources as resources
    left join deciding_rules as rules
        on resources.scope = rules.scope
        and resources.resource_id = rules.resource_id
        and rules.kind = 'assign'
)

select
    assignments.scope,
    assignments.snapshot_id,
    assignments.resource_id,
    assignments.policy_rule_id,
    tiers.tier,
    tiers.owner,
    exclusions.policy_rule_id
        as exclusion_id, -- VARCHAR: ID of the rule that excludes it. Null if it is in scope.
    exclusions.reason as exclusion_reason -- VARCHAR: Reason for the exclusion.
from assignments
inner join policy.tiers using (scope, policy_rule_id)
left join deciding_rules as exclusions
    on assignments.scope = exclusions.scope
    and assignments.resource_id = exclusions.resource_id
    and exclusions.kind = 'exclude'
