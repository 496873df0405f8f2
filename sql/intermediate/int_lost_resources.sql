-- One row a resource that had a backup of its own, or a part in one, which is gone; it may have others.
with lives as (
    -- Where another project was read, absence says nothing; the points themselves stay as unknown losses.
    select *
    from history.backup_lifecycle
    where gone_at is not null and not is_replica and disappearance <> 'vault_or_project_not_seen'
),

parts as (
    select * from history.children_closed
),

snapshots as (
    select * from staging.stg_snapshots
),

settings as (
    select * from policy.settings
),

gone as (
    select
        l.*,
        s.snapshot_id,
        s.project_id,
        s.region
    from lives as l
    inner join snapshots as s on l.scope = s.scope
    inner join settings as t on s.scope = t.scope and s.snapshot_id = t.snapshot_id
    where l.gone_at >= s.as_of - t.look_back_days * interval '1' day
),

sightings as (
    select
        scope,
        snapshot_id,
        resource_id,
        case resource_type
            when 'OS::Nova::Server' then 'server'
            when 'OS::Cinder::Volume' then 'volume'
            when 'OS::Sfs::Turbo' then 'turbo'
            when 'OS::Ironic::BareMetalServer' then 'other'
            when 'OS::Native::Server' then 'other'
            when 'OS::Workspace::DesktopV2' then 'other'
            else 'unknown'
        end as subject_type,
        resource_name,
        resource_type,
        project_id,
        region,
        enterprise_project_id,
        vault_id,
        cast(null as varchar) as server_id,
        gone_at,
        backup_id
    from gone
    union all
    select
        g.scope,
        g.snapshot_id,
        coalesce(nullif(p.resource_id, ''), 'resource of backup ' || p.id) as resource_id,
        'volume_via_server' as subject_type,
        p.resource_name,
        p.resource_type,
        g.project_id,
        g.region,
        g.enterprise_project_id,
        g.vault_id,
        g.resource_id as server_id,
        g.gone_at,
        g.backup_id
    from gone as g
    inner join parts as p on g.scope = p.scope and g.backup_id = p.backup_id and g.gone_at = p.valid_to
),

ranked as (
    -- Its own backups say more of a resource than a server's, newer ones more than older.
    select
        *,
        row_number() over (
            partition by scope, snapshot_id, resource_id
            order by case subject_type when 'volume_via_server' then 2 else 1 end, gone_at desc, backup_id
        ) as place
    from sightings
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
    gone_at as lost_at -- TIMESTAMP: The first complete snapshot that has its last such backup no more.
from ranked
where place = 1
