-- One row per scope, tier, owner and type of the resources that are listed: how many there are, and
-- how many of them are protected. A scope without any listed resource has one row.
with outcomes as (
    select
        findings.scope,
        inventory.resource_id,
        inventory.subject_type,
        inventory.resource_type,
        coalesce(open_findings.effective_status, findings.status) as status,
        findings.reason_code
    from controls.resource_protected as findings
    inner join intermediate.int_inventory as inventory
        on findings.scope = inventory.scope and findings.subject_id = inventory.resource_id
    left join intermediate.int_open_findings as open_findings
        on findings.scope = open_findings.scope
        and findings.subject_id = open_findings.subject_id
        and open_findings.control_id = 'resource-protected'
),

counts as (
    select
        scope,
        rules.tier,
        rules.owner,
        outcomes.subject_type,
        outcomes.resource_type,
        count(*) as resources,
        count(*) filter (where status = 'not_applicable') as not_judged,
        count(*) filter (where reason_code = 'protected') as protected,
        count(*) filter (where reason_code = 'associated_no_backup') as associated_no_backup,
        count(*) filter (where reason_code = 'backed_up_not_associated')
            as backed_up_not_associated,
        count(*) filter (where reason_code = 'unprotected') as unprotected,
        count(*) filter (where status = 'unknown') as unknown,
        count(*) filter (where reason_code = 'grace') as grace,
        count(*) filter (where reason_code = 'out_of_scope') as out_of_scope,
        count(*) filter (where status = 'waived') as waived
    from outcomes
    inner join intermediate.int_rules as rules using (scope, resource_id)
    group by scope, rules.tier, rules.owner, outcomes.subject_type, outcomes.resource_type
)

select
    scope,
    inputs.snapshot_id,
    inputs.as_of,
    scopes.is_stale,
    inputs.state as inventory_state, -- VARCHAR: ready, incomplete, stale or missing.
    inputs.last_read_at,
    counts.tier, -- VARCHAR: Name of the tier.
    counts.owner, -- VARCHAR: Owner named by the policy.
    -- VARCHAR: server, volume, turbo, other or unknown. Null if no resource is listed.
    counts.subject_type,
    counts.resource_type, -- VARCHAR: Type of the resources, as the service names it.
    coalesce(counts.resources, 0) as resources, -- BIGINT: Number of resources that are listed.
    coalesce(counts.protected, 0) as protected, -- BIGINT: Number that are protected.
    -- BIGINT: Number that a vault backs up, without a dependable point. Waived ones are included.
    coalesce(counts.associated_no_backup, 0) as associated_no_backup,
    -- BIGINT: Number with a dependable point that no vault backs up any more.
    coalesce(counts.backed_up_not_associated, 0) as backed_up_not_associated,
    coalesce(counts.unprotected, 0) as unprotected, -- BIGINT: Number with neither.
    coalesce(counts.unknown, 0) as unknown, -- BIGINT: Number without a result.
    coalesce(counts.grace, 0) as grace, -- BIGINT: Number that are too young to need a backup.
    coalesce(counts.out_of_scope, 0) as out_of_scope, -- BIGINT: Number that the policy excludes.
    coalesce(counts.waived, 0) as waived, -- BIGINT: Number whose failure is waived.
    -- DOUBLE: Share of the resources that must be protected and are, in percent. Null unless the
    -- list is proven complete and up to date.
    case
        when inputs.state = 'ready'
            then 100.0 * (
                cast(counts.protected as double)
                / nullif(counts.resources - counts.not_judged, 0)
            )
    end as coverage_percent
from intermediate.int_input_states as inputs
inner join staging.stg_scopes as scopes using (scope)
left join counts using (scope)
where inputs.input = 'inventory'
