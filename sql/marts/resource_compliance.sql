-- One row a resource: does it comply, can it be restored now, and if not, since when?
with results as (
    select * from compliance.control_results
),

resources as (
    select * from intermediate.int_resources
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

concerned as (
    -- Whom a result concerns: the resource itself, and every resource that has a part in the recovery point. What
    -- is wrong with a server's backup is wrong with each of the disks that have no better one.
    select distinct
        p.scope,
        p.snapshot_id,
        p.resource_id,
        p.backup_id as subject_id,
        'recovery_point' as subject_kind
    from intermediate.int_resource_points as p
    union all
    select
        scope,
        snapshot_id,
        resource_id,
        resource_id as subject_id,
        'resource' as subject_kind
    from resources
),

judged as (
    select
        w.scope,
        w.snapshot_id,
        w.resource_id,
        r.control_id,
        r.subject_id,
        r.effective_status,
        r.severity,
        r.first_failed_at
    from concerned as w
    inner join results as r
        on w.scope = r.scope
        and w.snapshot_id = r.snapshot_id
        and w.subject_id = r.subject_id
        and w.subject_kind = case when r.subject_type = 'recovery_point' then 'recovery_point' else 'resource' end
),

counted as (
    select
        scope,
        snapshot_id,
        resource_id,
        count(*) filter (where effective_status = 'pass') as passes,
        count(*) filter (where effective_status = 'fail') as fails,
        count(*) filter (where effective_status = 'unknown') as unknowns,
        coalesce(
            list_sort(array_agg(distinct control_id) filter (where effective_status = 'fail')), cast([] as varchar[])
        ) as failed_controls,
        min(first_failed_at) filter (where effective_status = 'fail') as first_failed_at
    from judged
    group by scope, snapshot_id, resource_id
),

ranked as (
    select
        scope,
        snapshot_id,
        resource_id,
        severity,
        row_number() over (
            partition by scope, snapshot_id, resource_id
            order by
                case severity when 'critical' then 1 when 'high' then 2 when 'medium' then 3 when 'low' then 4 else 5 end,
                control_id,
                subject_id
        ) as place
    from judged
    where effective_status = 'fail'
),

worst as (
    select * from ranked where place = 1
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
    r.resource_name,
    r.resource_type,
    r.subject_type, -- VARCHAR: server, volume, turbo, other, unknown; volume_via_server is known from a server's backup alone.
    r.project_id, -- VARCHAR: Project of the resource.
    r.region,
    r.enterprise_project_id, -- VARCHAR: Enterprise project, where any backup of the resource says it.
    r.vault_id,
    r.tier,
    n.newest_backup_id,
    n.newest_rp_at,
    case when n.newest_rp_at is not null then n.measured_value end as age_hours, -- DOUBLE: Age of the newest dependable point.
    n.depth,
    n.newest_attempt_status,
    n.status as recency, -- VARCHAR: Has it a dependable point within its RPO: pass, fail, unknown, not_applicable.
    t.can_restore_now, -- BOOLEAN: Its newest dependable point is recent, complete, and says a restore mode; null: not known.
    n.failing_since as unprotected_since, -- TIMESTAMP: Since when it has no dependable point within its RPO; null where no backup says a time.
    case
        when w.severity = 'critical' or (c.fails > 0 and c.passes = 0) then 'non_compliant'
        when c.fails > 0 then 'partial'
        when c.unknowns > 0 then 'unknown'
        when n.status = 'pass' then 'compliant'
        else 'not_applicable'
    end as verdict, -- VARCHAR: compliant; partial: some checks fail; non_compliant: a critical one, or all; unknown; not_applicable.
    c.failed_controls, -- VARCHAR[]: Controls that fail for it or for one of its points.
    w.severity as worst_severity, -- VARCHAR: The highest severity among them.
    c.first_failed_at, -- TIMESTAMP: Since when the oldest of them fails, as far as the snapshot itself tells.
    c.fails, -- BIGINT: Findings that fail.
    c.unknowns -- BIGINT: Findings that could not be decided.
from resources as r
inner join snapshots as s on r.scope = s.scope and r.snapshot_id = s.snapshot_id
inner join scopes as e on r.scope = e.scope
left join recent as n
    on r.scope = n.scope and r.snapshot_id = n.snapshot_id and r.resource_id = n.subject_id
left join restore as t
    on r.scope = t.scope and r.snapshot_id = t.snapshot_id and r.resource_id = t.resource_id
left join counted as c
    on r.scope = c.scope and r.snapshot_id = c.snapshot_id and r.resource_id = c.resource_id
left join worst as w
    on r.scope = w.scope and r.snapshot_id = w.snapshot_id and r.resource_id = w.resource_id
