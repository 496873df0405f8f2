-- One row a resource of a scope: everything that has a backup there, disks inside server backups included.
with points as (
    select * from intermediate.int_recovery_points
),

disks as (
    select * from staging.stg_children
),

tiers as (
    select * from policy.tiers where is_default
),

named as (
    -- Each sighting of a resource. What is here says more of it than copies, its own backups more than a server's,
    -- newer ones more than older.
    select
        scope,
        snapshot_id,
        resource_id,
        level as subject_type,
        resource_name,
        resource_type,
        project_id,
        region,
        enterprise_project_id,
        vault_id,
        is_replica,
        case when is_replica then 3 else 1 end as rank_of_kind,
        created_at,
        backup_id as point_id
    from points
    union all
    select
        d.scope,
        d.snapshot_id,
        d.resource_id,
        'volume_via_server' as subject_type,
        d.resource_name,
        d.resource_type,
        p.project_id,
        p.region,
        p.enterprise_project_id,
        p.vault_id,
        p.is_replica,
        case when p.is_replica then 4 else 2 end as rank_of_kind,
        d.created_at,
        d.child_id as point_id
    from disks as d
    inner join points as p on d.scope = p.scope and d.snapshot_id = p.snapshot_id and d.backup_id = p.backup_id
),

totals as (
    select
        scope,
        snapshot_id,
        resource_id,
        bool_and(coalesce(is_replica, false)) as only_replicas,
        max(enterprise_project_id) as some_enterprise_project_id,
        min(rank_of_kind) as best_rank
    from named
    group by scope, snapshot_id, resource_id
),

best as (
    -- The best kind first, and the newest of it, so that only few are put in order.
    select
        n.scope,
        n.snapshot_id,
        n.resource_id,
        n.rank_of_kind,
        max(n.created_at) as last_created_at
    from named as n
    inner join totals as t
        on n.scope = t.scope
        and n.snapshot_id = t.snapshot_id
        and n.resource_id = t.resource_id
        and n.rank_of_kind = t.best_rank
    group by n.scope, n.snapshot_id, n.resource_id, n.rank_of_kind
),

ranked as (
    select
        n.*,
        row_number() over (partition by n.scope, n.snapshot_id, n.resource_id order by n.point_id) as place
    from named as n
    inner join best as b
        on n.scope = b.scope
        and n.snapshot_id = b.snapshot_id
        and n.resource_id = b.resource_id
        and n.rank_of_kind = b.rank_of_kind
    where n.created_at = b.last_created_at or b.last_created_at is null
)

select
    r.scope,
    r.snapshot_id,
    r.resource_id,
    r.subject_type, -- VARCHAR: server, volume, turbo, other, unknown; volume_via_server is known from a server's backup alone.
    r.resource_name,
    r.resource_type,
    r.project_id,
    r.region,
    coalesce(r.enterprise_project_id, t.some_enterprise_project_id) as enterprise_project_id, -- VARCHAR: Enterprise project, where any backup of the resource says it.
    r.vault_id,
    t.only_replicas, -- BOOLEAN: Only copies from elsewhere are seen here.
    p.tier,
    p.policy_rule_id
from ranked as r
inner join totals as t
    on r.scope = t.scope and r.snapshot_id = t.snapshot_id and r.resource_id = t.resource_id
cross join tiers as p
where r.place = 1
