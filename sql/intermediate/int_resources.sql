-- One row a resource of a scope: everything that has a backup there or lately had one, disks inside server backups
-- included.
with points as (
    select
        *,
        case when is_replica then 3 else 1 end as rank_of_kind
    from intermediate.int_recovery_points
),

replicas as (
    select scope, snapshot_id, backup_id from points where is_replica
),

unread as (
    -- Disks of backups whose details were not to be had this time, as they were last read.
    select
        c.scope,
        s.snapshot_id,
        c.backup_id,
        c.id as child_id,
        coalesce(nullif(c.resource_id, ''), 'resource of backup ' || c.id) as resource_id,
        c.resource_name,
        c.resource_type,
        c.created_at
    from history.children_unread as c
    inner join staging.stg_snapshots as s on c.scope = s.scope
),

children as (
    select scope, snapshot_id, backup_id, child_id, resource_id, resource_name, resource_type, created_at
    from staging.stg_children
    union all
    select scope, snapshot_id, backup_id, child_id, resource_id, resource_name, resource_type, created_at
    from unread
),

disks as (
    select
        d.*,
        case when r.backup_id is null then 2 else 4 end as rank_of_kind
    from children as d
    left join replicas as r on d.scope = r.scope and d.snapshot_id = r.snapshot_id and d.backup_id = r.backup_id
),

lost as (
    select * from intermediate.int_lost_resources
),

sightings as (
    -- What is here says more of a resource than copies, its own backups more than a server's, newer ones more than
    -- older.
    select
        scope,
        snapshot_id,
        resource_id,
        rank_of_kind,
        max(created_at) as last_created_at,
        max(enterprise_project_id) as some_enterprise_project_id
    from points
    group by scope, snapshot_id, resource_id, rank_of_kind
    union all
    select
        scope,
        snapshot_id,
        resource_id,
        rank_of_kind,
        max(created_at) as last_created_at,
        cast(null as varchar) as some_enterprise_project_id
    from disks
    group by scope, snapshot_id, resource_id, rank_of_kind
),

totals as (
    select
        scope,
        snapshot_id,
        resource_id,
        min(rank_of_kind) as best_rank,
        max(some_enterprise_project_id) as some_enterprise_project_id
    from sightings
    group by scope, snapshot_id, resource_id
),

best as (
    select
        s.scope,
        s.snapshot_id,
        s.resource_id,
        s.rank_of_kind,
        s.last_created_at,
        t.some_enterprise_project_id
    from sightings as s
    inner join totals as t
        on s.scope = t.scope
        and s.snapshot_id = t.snapshot_id
        and s.resource_id = t.resource_id
        and s.rank_of_kind = t.best_rank
),

newest as (
    -- The newest sighting of the best kind, so that only few are put in order.
    select
        p.scope,
        p.snapshot_id,
        p.resource_id,
        p.backup_id,
        '' as child_id,
        p.level as subject_type,
        p.resource_name,
        p.resource_type,
        b.rank_of_kind,
        b.some_enterprise_project_id
    from points as p
    inner join best as b
        on p.scope = b.scope
        and p.snapshot_id = b.snapshot_id
        and p.resource_id = b.resource_id
        and p.rank_of_kind = b.rank_of_kind
    where p.created_at = b.last_created_at or b.last_created_at is null
    union all
    select
        d.scope,
        d.snapshot_id,
        d.resource_id,
        d.backup_id,
        d.child_id,
        'volume_via_server' as subject_type,
        d.resource_name,
        d.resource_type,
        b.rank_of_kind,
        b.some_enterprise_project_id
    from disks as d
    inner join best as b
        on d.scope = b.scope
        and d.snapshot_id = b.snapshot_id
        and d.resource_id = b.resource_id
        and d.rank_of_kind = b.rank_of_kind
    where d.created_at = b.last_created_at or b.last_created_at is null
),

ranked as (
    select
        *,
        row_number() over (partition by scope, snapshot_id, resource_id order by backup_id, child_id) as place
    from newest
),

present as (
    select
        r.scope,
        r.snapshot_id,
        r.resource_id,
        r.subject_type,
        r.resource_name,
        r.resource_type,
        p.project_id,
        p.region,
        coalesce(p.enterprise_project_id, r.some_enterprise_project_id, w.some_enterprise_project_id)
            as enterprise_project_id,
        p.vault_id,
        case when r.subject_type = 'volume_via_server' then p.resource_id end as server_id,
        r.rank_of_kind >= 3 as only_replicas,
        cast(null as timestamp) as lost_at
    from ranked as r
    inner join points as p on r.scope = p.scope and r.snapshot_id = p.snapshot_id and r.backup_id = p.backup_id
    left join totals as w on p.scope = w.scope and p.snapshot_id = w.snapshot_id and p.resource_id = w.resource_id
    where r.place = 1
),

together as (
    select
        scope,
        snapshot_id,
        resource_id,
        subject_type,
        resource_name,
        resource_type,
        project_id,
        region,
        enterprise_project_id,
        vault_id,
        server_id,
        only_replicas,
        lost_at
    from present
    union all
    select
        l.scope,
        l.snapshot_id,
        l.resource_id,
        l.subject_type,
        l.resource_name,
        l.resource_type,
        l.project_id,
        l.region,
        l.enterprise_project_id,
        l.vault_id,
        l.server_id,
        false as only_replicas,
        l.lost_at
    from lost as l
    left join totals as t on l.scope = t.scope and l.snapshot_id = t.snapshot_id and l.resource_id = t.resource_id
    where t.resource_id is null
)

select
    scope,
    snapshot_id,
    resource_id, -- VARCHAR: Id of the resource.
    subject_type, -- VARCHAR: server, volume, turbo, other, unknown; volume_via_server is known from a server's backup alone.
    resource_name, -- VARCHAR: Name of the resource, as it was last seen.
    resource_type, -- VARCHAR: Type of the resource.
    project_id, -- VARCHAR: Project of the resource.
    region,
    enterprise_project_id, -- VARCHAR: Enterprise project, where a backup of the resource or of its server says it.
    vault_id, -- VARCHAR: Vault that holds its backups, or held them.
    server_id, -- VARCHAR: The server whose backup a disk is known from.
    only_replicas, -- BOOLEAN: Only copies from elsewhere are seen here.
    lost_at -- TIMESTAMP: The first complete snapshot that has no backup of it any more; null where there is one.
from together
