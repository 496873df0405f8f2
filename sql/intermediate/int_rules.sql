-- One row a resource: the rule that gives it its tier, and the one that takes it out of scope, if any.
with resources as (
    select * from intermediate.int_resources
),

matches as (
    select * from policy.matches
),

tiers as (
    select * from policy.tiers
),

selected as (
    -- What a resource can be selected by. A disk that is known from its server alone goes with the server, unless a
    -- rule names it.
    select scope, snapshot_id, resource_id, 'resource_id' as selector, resource_id as value, 2 as nearness
    from resources
    union all
    select scope, snapshot_id, resource_id, 'resource_id' as selector, server_id as value, 1 as nearness
    from resources
    where server_id is not null
    union all
    select scope, snapshot_id, resource_id, 'vault_id' as selector, vault_id as value, 1 as nearness
    from resources
    union all
    select
        scope,
        snapshot_id,
        resource_id,
        'enterprise_project_id' as selector,
        enterprise_project_id as value,
        1 as nearness
    from resources
    union all
    select scope, snapshot_id, resource_id, 'resource_type' as selector, resource_type as value, 1 as nearness
    from resources
),

matched as (
    select
        s.scope,
        s.snapshot_id,
        s.resource_id,
        m.policy_rule_id,
        m.kind,
        m.reason,
        row_number() over (
            partition by s.scope, s.snapshot_id, s.resource_id, m.kind
            order by m.priority desc, m.specificity desc, s.nearness desc, m.policy_rule_id
        ) as place
    from selected as s
    inner join matches as m
        on s.scope = m.scope and s.snapshot_id = m.snapshot_id and s.selector = m.selector and s.value = m.value
)

select
    r.scope,
    r.snapshot_id,
    r.resource_id,
    coalesce(a.policy_rule_id, 'default') as policy_rule_id,
    t.tier,
    t.owner,
    e.policy_rule_id as exclusion_id, -- VARCHAR: The rule that takes it out of scope; null where it is in scope.
    e.reason as exclusion_reason -- VARCHAR: Why.
from resources as r
left join matched as a
    on r.scope = a.scope
    and r.snapshot_id = a.snapshot_id
    and r.resource_id = a.resource_id
    and a.kind = 'assign'
    and a.place = 1
left join matched as e
    on r.scope = e.scope
    and r.snapshot_id = e.snapshot_id
    and r.resource_id = e.resource_id
    and e.kind = 'exclude'
    and e.place = 1
inner join tiers as t
    on r.scope = t.scope
    and r.snapshot_id = t.snapshot_id
    and coalesce(a.policy_rule_id, 'default') = t.policy_rule_id
