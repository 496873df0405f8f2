-- One row a thing that controls judge: a resource, a recovery point that is there or was lost, a vault, a scope, a waiver,
-- or an exclusion of the policy, which is judged as waivers are.
-- kind: view
with resources as (
    select * from intermediate.int_requirements
),

points as (
    select * from intermediate.int_recovery_points
),

lost as (
    select * from intermediate.int_lost_points
),

vaults as (
    select * from intermediate.int_vaults
),

snapshots as (
    select * from staging.stg_snapshots
),

waivers as (
    select scope, snapshot_id, waiver_id, 'waiver' as subject_type from policy.waivers
    union all
    select distinct scope, snapshot_id, policy_rule_id as waiver_id, 'exclusion' as subject_type
    from policy.matches
    where kind = 'exclude'
),

together as (
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
    from resources
    union all
    select
        scope,
        snapshot_id,
        'recovery_point' as subject_kind,
        'recovery_point' as subject_type,
        backup_id as subject_id,
        backup_name as subject_name,
        project_id,
        region,
        enterprise_project_id,
        vault_id,
        resource_id,
        resource_name,
        resource_type
    from points
    union all
    select
        l.scope,
        l.snapshot_id,
        'lost_point' as subject_kind,
        'lost_point' as subject_type,
        l.backup_id as subject_id,
        cast(null as varchar) as subject_name,
        s.project_id,
        s.region,
        l.enterprise_project_id,
        l.vault_id,
        l.resource_id,
        l.resource_name,
        l.resource_type
    from lost as l
    inner join snapshots as s on l.scope = s.scope and l.snapshot_id = s.snapshot_id
    union all
    select
        l.scope,
        l.snapshot_id,
        'known_point' as subject_kind,
        'known_point' as subject_type,
        l.backup_id as subject_id,
        cast(null as varchar) as subject_name,
        s.project_id,
        s.region,
        l.enterprise_project_id,
        l.vault_id,
        l.resource_id,
        l.resource_name,
        l.resource_type
    from lost as l
    inner join snapshots as s on l.scope = s.scope and l.snapshot_id = s.snapshot_id
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
    from points
    union all
    select
        v.scope,
        v.snapshot_id,
        'vault' as subject_kind,
        'vault' as subject_type,
        v.vault_id as subject_id,
        cast(null as varchar) as subject_name,
        s.project_id,
        s.region,
        cast(null as varchar) as enterprise_project_id,
        v.vault_id,
        cast(null as varchar) as resource_id,
        cast(null as varchar) as resource_name,
        cast(null as varchar) as resource_type
    from vaults as v
    inner join snapshots as s on v.scope = s.scope and v.snapshot_id = s.snapshot_id
    union all
    select
        scope,
        snapshot_id,
        'scope' as subject_kind,
        'scope' as subject_type,
        scope as subject_id,
        scope as subject_name,
        project_id,
        region,
        cast(null as varchar) as enterprise_project_id,
        cast(null as varchar) as vault_id,
        cast(null as varchar) as resource_id,
        cast(null as varchar) as resource_name,
        cast(null as varchar) as resource_type
    from snapshots
    union all
    select
        w.scope,
        w.snapshot_id,
        'waiver' as subject_kind,
        w.subject_type,
        w.waiver_id as subject_id,
        w.waiver_id as subject_name,
        s.project_id,
        s.region,
        cast(null as varchar) as enterprise_project_id,
        cast(null as varchar) as vault_id,
        cast(null as varchar) as resource_id,
        cast(null as varchar) as resource_name,
        cast(null as varchar) as resource_type
    from waivers as w
    inner join snapshots as s on w.scope = s.scope and w.snapshot_id = s.snapshot_id
)

select
    t.scope,
    t.snapshot_id,
    t.subject_kind, -- VARCHAR: resource, recovery_point, lost_point, known_point (there or lately lost), vault, scope or waiver.
    t.subject_type, -- VARCHAR: server, volume, turbo, other, unknown or volume_via_server of a resource; waiver or exclusion of a waiver; else the kind.
    t.subject_id, -- VARCHAR: Id of the resource, backup, vault, scope, waiver or exclusion.
    t.subject_name, -- VARCHAR: Its name.
    t.project_id, -- VARCHAR: Project of the subject.
    t.region,
    coalesce(t.enterprise_project_id, r.enterprise_project_id) as enterprise_project_id, -- VARCHAR: Enterprise project, where any backup of the resource says it.
    t.vault_id, -- VARCHAR: Vault that holds it.
    t.resource_id, -- VARCHAR: Id of the resource.
    t.resource_name, -- VARCHAR: Name of the resource, as it was last seen.
    t.resource_type, -- VARCHAR: Type of the resource.
    r.policy_rule_id,
    r.tier,
    r.owner,
    r.exclusion_id,
    r.exclusion_reason
from together as t
left join resources as r
    on t.scope = r.scope and t.snapshot_id = r.snapshot_id and t.resource_id = r.resource_id
