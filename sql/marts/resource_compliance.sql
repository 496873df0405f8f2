-- One row a resource: does it comply, can it be restored now, and if not, since when?
with exceptions as (
    select * from intermediate.int_open_findings
),

findings as (
    select * from controls.findings
),

controls as (
    select * from compliance.controls
),

resources as (
    select * from intermediate.int_resources
),

rules as (
    select * from intermediate.int_rules
),

recent as (
    select * from controls.resource_recent_recovery_point
),

complete as (
    select * from controls.server_backup_complete
),

points as (
    select * from intermediate.int_recovery_points
),

snapshots as (
    select * from staging.stg_snapshots
),

scopes as (
    select * from staging.stg_scopes
),

of_points as (
    select * from exceptions where subject_kind = 'recovery_point'
),

concerned as (
    -- What is wrong with a recovery point concerns every resource that has a part in it: what is wrong with a
    -- server's backup is wrong with each of its disks.
    select
        p.scope,
        p.snapshot_id,
        p.resource_id,
        e.control_id,
        e.severity,
        e.effective_status as status,
        e.first_failed_at
    from of_points as e
    inner join intermediate.int_resource_points as p
        on e.scope = p.scope and e.snapshot_id = p.snapshot_id and e.subject_id = p.backup_id
    union all
    select
        scope,
        snapshot_id,
        subject_id as resource_id,
        control_id,
        severity,
        effective_status as status,
        first_failed_at
    from exceptions
    where subject_kind = 'resource'
    union all
    select
        scope,
        snapshot_id,
        resource_id,
        control_id,
        severity,
        effective_status as status,
        first_failed_at
    from exceptions
    where subject_kind in ('lost_point', 'known_point')
),

counted as (
    select
        scope,
        snapshot_id,
        resource_id,
        count(*) filter (where status = 'fail') as fails,
        count(*) filter (where status = 'unknown') as unknowns,
        count(*) filter (where status = 'waived') as waived,
        coalesce(
            list_sort(array_agg(distinct control_id) filter (where status = 'fail')), cast([] as varchar[])
        ) as failed_controls,
        max(
            case severity when 'critical' then 4 when 'high' then 3 when 'medium' then 2 when 'low' then 1 else 0 end
        ) filter (where status = 'fail') as worst,
        min(first_failed_at) filter (where status = 'fail') as first_failed_at
    from concerned
    group by scope, snapshot_id, resource_id
),

passed as (
    -- Only its own: that all of a lost resource's backups are encrypted is no comfort.
    select distinct f.scope, f.snapshot_id, f.subject_id as resource_id
    from findings as f
    inner join controls as c on f.control_id = c.control_id and c.subject_kind = 'resource'
    where f.status = 'pass'
),

restore as (
    -- Recent, complete and restorable, for the newest dependable point. Null where one of them is not known, or
    -- where older data stands in for today's.
    select
        n.scope,
        n.snapshot_id,
        n.subject_id as resource_id,
        case
            when n.status = 'fail' then false
            when n.status <> 'pass' or e.is_stale then null
            when r.subject_type in ('volume', 'volume_via_server', 'turbo') then true
            when c.status = 'fail' then false
            when c.status = 'pass' then coalesce(p.supported_restore_mode, 'na') in ('backup', 'snapshot')
        end as can_restore_now
    from recent as n
    inner join resources as r
        on n.scope = r.scope and n.snapshot_id = r.snapshot_id and n.subject_id = r.resource_id
    inner join scopes as e on n.scope = e.scope
    left join complete as c
        on n.scope = c.scope and n.snapshot_id = c.snapshot_id and n.newest_backup_id = c.subject_id
    left join points as p
        on n.scope = p.scope and n.snapshot_id = p.snapshot_id and n.newest_backup_id = p.backup_id
)

select
    r.scope,
    r.snapshot_id,
    s.as_of,
    s.is_sandbox,
    e.is_stale,
    r.resource_id, -- VARCHAR: Id of the resource.
    r.resource_name, -- VARCHAR: Name of the resource, as it was last seen.
    r.resource_type, -- VARCHAR: Type of the resource.
    r.subject_type, -- VARCHAR: server, volume, turbo, other, unknown; volume_via_server is known from a server's backup alone.
    r.server_id, -- VARCHAR: The server whose backup a disk is known from; null where it has backups of its own.
    r.project_id, -- VARCHAR: Project of the resource.
    r.region,
    r.enterprise_project_id, -- VARCHAR: Enterprise project, where any backup of the resource says it.
    r.vault_id, -- VARCHAR: Vault that holds its backups, or held them.
    u.tier,
    u.owner,
    n.newest_backup_id,
    n.newest_rp_at,
    case when n.newest_rp_at is not null then n.measured_value end as age_hours, -- DOUBLE: Age of the newest dependable point.
    n.depth,
    n.newest_attempt_status,
    n.status as recency, -- VARCHAR: Has it a dependable point within its RPO: pass, fail, unknown, not_applicable.
    t.can_restore_now, -- BOOLEAN: Its newest dependable point is recent, complete, and says a restore mode; null: not known.
    n.failing_since as unprotected_since, -- TIMESTAMP: Since when it has no dependable point within its RPO; null where no backup says a time.
    case
        when c.worst = 4 or (c.fails > 0 and o.resource_id is null) then 'non_compliant'
        when c.fails > 0 then 'partial'
        when c.unknowns > 0 then 'unknown'
        when c.waived > 0 then 'waived'
        when n.status = 'pass' then 'compliant'
        else 'not_applicable'
    end as verdict, -- VARCHAR: compliant; partial: some checks fail; non_compliant: a critical one, or no check of its own passes; waived: all that fails is accepted; unknown; not_applicable.
    coalesce(c.failed_controls, cast([] as varchar[])) as failed_controls, -- VARCHAR[]: Controls that fail for it or for one of its points.
    case c.worst when 4 then 'critical' when 3 then 'high' when 2 then 'medium' when 1 then 'low' when 0 then 'info' end as worst_severity, -- VARCHAR: The highest severity among them.
    c.first_failed_at, -- TIMESTAMP: Since when the oldest of them fails, as far as the snapshot itself tells.
    coalesce(c.fails, 0) as fails, -- BIGINT: Findings that fail.
    coalesce(c.unknowns, 0) as unknowns -- BIGINT: Findings that could not be decided.
from resources as r
inner join snapshots as s on r.scope = s.scope and r.snapshot_id = s.snapshot_id
inner join scopes as e on r.scope = e.scope
inner join rules as u
    on r.scope = u.scope and r.snapshot_id = u.snapshot_id and r.resource_id = u.resource_id
left join recent as n
    on r.scope = n.scope and r.snapshot_id = n.snapshot_id and r.resource_id = n.subject_id
left join restore as t
    on r.scope = t.scope and r.snapshot_id = t.snapshot_id and r.resource_id = t.resource_id
left join counted as c
    on r.scope = c.scope and r.snapshot_id = c.snapshot_id and r.resource_id = c.resource_id
left join passed as o
    on r.scope = o.scope and r.snapshot_id = o.snapshot_id and r.resource_id = o.resource_id
