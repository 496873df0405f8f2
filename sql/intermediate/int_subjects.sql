-- One row per subject that controls judge: a resource, a recovery point, a lost point, a vault that
-- has points, a vault of the service, a listed resource, a scope, a waiver, or an exclusion, which
-- is treated like a waiver.
-- kind: view
with accepted_risks as (
    select scope, snapshot_id, waiver_id, 'waiver' as subject_type
    from policy.waivers
    union all
    select distinct scope, snapshot_id, policy_rule_id as waiver_id, 'exclusion' as subject_type
    from policy.matches
    where kind in ('exclude', 'exclude_volume')
),

holders_and_risks as (
    select
        scope,
        snapshot_id,
        'vault' as subject_kind,
        'vault' as subject_type,
        vault_id as subject_id,
        cast(null as varchar) as subject_name,
        vault_id
    from intermediate.int_vaults
    union all
    select
        scope,
        snapshot_id,
        'service_vault' as subject_kind,
        subject_type,
        subject_id,
        coalesce(vault_name, subject_id) as subject_name,
        vault_id
    from intermediate.int_service_vaults
    union all
    select
        scope,
        snapshot_id,
        'scope' as subject_kind,
        'scope' as subject_type,
        scope as subject_id,
        scope as subject_name,
        cast(null as varchar) as vault_id
    from staging.stg_snapshots
    union all
    select
        scope,
        snapshot_id,
        'waiver' as subject_kind,
        subject_type,
        waiver_id as subject_id,
        waiver_id as subject_name,
        cast(null as varchar) as vault_id
    from accepted_risks
    union all
    -- A list of resources that can't be used as it is: the scope stands for what it lacks.
    select
        scope,
        snapshot_id,
        'inventory' as subject_kind,
        'scope' as subject_type,
        scope as subject_id,
        scope as subject_name,
        cast(null as varchar) as vault_id
    from intermediate.int_input_states
    where input = 'inventory' and state <> 'ready'
),

subjects as (
    select
        scope,
        snapshot_id,
        'resource' as subject_kind,
        subject_type,
        resource_id as subject_id,
        resource_name as subject_name,
        project_id,
        region,
        enterprise_project_id,
        vault_id,
        resource_id,
        resource_name,
        resource_type
    from intermediate.int_requirements
    union all
    select
        scope,
        snapshot_id,
        own_kind as subject_kind,
        own_kind as subject_type,
        backup_id as subject_id,
        backup_name as subject_name,
        project_id,
        region,
        enterprise_project_id,
        vault_id,
        resource_id,
        resource_name,
        resource_type
    from intermediate.int_known_points
    union all
    select
        scope,
        snapshot_id,
        'known_point' as subject_kind,
        'known_point' as subject_type,
        backup_id as subject_id,
        backup_name as subject_name,
        project_id,
        region,
        enterprise_project_id,
        vault_id,
        resource_id,
        resource_name,
        resource_type
    from intermediate.int_known_points
    union all
    select
        scope,
        snapshot_id,
        'inventory' as subject_kind,
        subject_type,
        resource_id as subject_id,
        resource_name as subject_name,
        project_id,
        region,
        enterprise_project_id,
        vault_id,
        resource_id,
        resource_name,
        resource_type
    from intermediate.int_inventory
    union all
    select
        scope,
        holders_and_risks.snapshot_id,
        holders_and_risks.subject_kind,
        holders_and_risks.subject_type,
        holders_and_risks.subject_id,
        holders_and_risks.subject_name,
        snapshots.project_id,
        snapshots.region,
        cast(null as varchar) as enterprise_project_id,
        holders_and_risks.vault_id,
        cast(null as varchar) as resource_id,
        cast(null as varchar) as resource_name,
        cast(null as varchar) as resource_type
    from holders_and_risks
    inner join staging.stg_snapshots as snapshots using (scope)
)

select
    scope,
    subjects.snapshot_id,
    -- resource, inventory, recovery_point, lost_point, known_point, vault, service_vault, scope or
    -- waiver.
    subjects.subject_kind, -- VARCHAR: Kind of the subject.
    -- VARCHAR: Type of a resource, waiver or exclusion; otherwise the kind of subject.
    subjects.subject_type,
    subjects.subject_id, -- VARCHAR: ID of the resource, backup, vault, scope, waiver or exclusion.
    subjects.subject_name, -- VARCHAR: Name of the subject.
    subjects.project_id, -- VARCHAR: Project of the subject.
    subjects.region,
    -- VARCHAR: ID of the enterprise project, if a backup or vault has it.
    coalesce(
        subjects.enterprise_project_id,
        requirements.enterprise_project_id,
        service_vaults.enterprise_project_id
    ) as enterprise_project_id,
    subjects.vault_id, -- VARCHAR: ID of its vault.
    resource_id, -- VARCHAR: ID of the resource.
    subjects.resource_name, -- VARCHAR: Latest known name of the resource.
    subjects.resource_type, -- VARCHAR: Type of the resource.
    coalesce(rules.policy_rule_id, service_vaults.policy_rule_id) as policy_rule_id,
    coalesce(rules.tier, service_vaults.tier) as tier,
    coalesce(rules.owner, service_vaults.owner) as owner,
    rules.exclusion_id,
    rules.exclusion_reason
from subjects
left join intermediate.int_rules as rules using (scope, resource_id)
left join intermediate.int_requirements as requirements using (scope, resource_id)
left join intermediate.int_service_vaults as service_vaults
    on subjects.scope = service_vaults.scope
    and subjects.subject_id = service_vaults.subject_id
    and subjects.subject_kind = 'service_vault'
