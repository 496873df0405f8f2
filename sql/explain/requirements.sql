-- One row per resource and selector that assigned its tier, with the requirements of the policy.
select
    requirements.*,
    settings.policy_id,
    settings.effective_from,
    matches.selector,
    matches.value,
    matches.priority
from intermediate.int_requirements as requirements
inner join policy.settings as settings using (scope)
left join policy.matches as matches
    on requirements.scope = matches.scope
    and requirements.policy_rule_id = matches.policy_rule_id
    and matches.value in (
        requirements.resource_id,
        requirements.server_id,
        requirements.vault_id,
        requirements.enterprise_project_id,
        requirements.resource_type
    )
