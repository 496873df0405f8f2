-- One row per resource: is it compliant, can it be restored now, and since when is it unprotected?
with open_findings as (
    -- A finding about a recovery point concerns every resource in it: a failed server backup is a
    -- failure of each of its disks.
    select
        points.scope,
        points.resource_id,
        findings.control_id,
        findings.severity,
        findings.effective_status as status,
        findings.first_failed_at
    from intermediate.int_open_findings as findings
    inner join intermediate.int_resource_points as points
        on findings.scope = points.scope and findings.subject_id = points.backup_id
    where findings.subject_kind = 'recovery_point'
    union all
    select
        scope,
        case when subject_kind = 'resource' then subject_id else resource_id end as resource_id,
        control_id,
        severity,
        effective_status as status,
        first_failed_at
    from intermediate.int_open_findings
    where subject_kind in ('resource', 'inventory', 'lost_point', 'known_point')
),

concerns as (
    select
        scope,
        resource_id,
        count(*) filter (where status = 'fail') as fails,
        count(*) filter (where status = 'unknown') as unknowns,
        count(*) filter (where status = 'waived') as waived,
        coalesce(
            list_sort(array_agg(distinct control_id) filter (where status = 'fail')),
            cast([] as varchar[])
        ) as failed_controls,
        max(severities.rank) filter (where status = 'fail') as worst_rank,
        min(first_failed_at) filter (where status = 'fail') as first_failed_at
    from open_findings
    inner join intermediate.int_severities as severities using (severity)
    group by scope, resource_id
),

passes as (
    -- Only results of the resource itself: passes of its backups do not make a lost resource
    -- partial.
    select distinct findings.scope, findings.subject_id as resource_id
    from controls.findings as findings
    inner join compliance.controls as controls using (control_id)
    where controls.subject_kind = 'resource' and findings.status = 'pass'
)

select
    scope,
    resources.snapshot_id,
    snapshots.as_of,
    snapshots.is_sandbox,
    scopes.is_stale,
    resource_id, -- VARCHAR: ID of the resource.
    resources.resource_name, -- VARCHAR: Latest known name of the resource.
    resources.resource_type, -- VARCHAR: Type of the resource.
    -- VARCHAR: server, volume, turbo, other or unknown; volume_via_server is a disk that is only in
    -- server backups.
    resources.subject_type,
    -- VARCHAR: Server whose backups contain the disk. Null if the disk has its own backups.
    resources.server_id,
    resources.project_id, -- VARCHAR: ID of the project of the resource.
    resources.region,
    -- VARCHAR: ID of the enterprise project, if any backup of the resource has it.
    resources.enterprise_project_id,
    resources.vault_id, -- VARCHAR: ID of the vault of its backups.
    rules.tier,
    rules.owner,
    recent.newest_backup_id,
    recent.newest_rp_at,
    -- DOUBLE: Age of the newest dependable point.
    case when recent.newest_rp_at is not null then recent.measured_value end as age_hours,
    recent.depth,
    recent.newest_attempt_status,
    -- VARCHAR: Whether it has a dependable point within its RPO: pass, fail, unknown or
    -- not_applicable.
    recent.status as recency,
    -- BOOLEAN: Whether its newest dependable point is recent, complete and restorable. Null if
    -- unknown, or if the data is stale.
    case
        when recent.status = 'fail' then false
        when recent.status is null or recent.status <> 'pass' or scopes.is_stale then null
        when resources.subject_type in ('volume', 'volume_via_server', 'turbo') then true
        when complete.status = 'fail' then false
        when complete.status = 'pass'
            then coalesce(points.supported_restore_mode, 'na') in ('backup', 'snapshot')
    end as can_restore_now,
    -- TIMESTAMP: Since when it has no dependable point within its RPO. Null if no backup has a
    -- time.
    recent.failing_since as unprotected_since,
    -- VARCHAR: compliant; partial: some controls fail; non_compliant: a critical control fails, or
    -- no control of the resource itself passes; waived: all failures are waived; unknown;
    -- not_applicable.
    case
        when worst.severity = 'critical' or (concerns.fails > 0 and passes.resource_id is null)
            then 'non_compliant'
        when concerns.fails > 0 then 'partial'
        when concerns.unknowns > 0 then 'unknown'
        when concerns.waived > 0 then 'waived'
        when recent.status = 'pass' then 'compliant'
        else 'not_applicable'
    end as verdict,
    -- VARCHAR[]: IDs of the controls that fail for it or for one of its points.
    coalesce(concerns.failed_controls, cast([] as varchar[])) as failed_controls,
    worst.severity as worst_severity, -- VARCHAR: Highest severity of these controls.
    -- TIMESTAMP: Since when the oldest failure exists, as far as the data shows.
    concerns.first_failed_at,
    coalesce(concerns.fails, 0) as fails, -- BIGINT: Number of failures.
    coalesce(concerns.unknowns, 0) as unknowns -- BIGINT: Number of unknown results.
from intermediate.int_resources as resources
inner join staging.stg_snapshots as snapshots using (scope)
inner join staging.stg_scopes as scopes using (scope)
inner join intermediate.int_rules as rules using (scope, resource_id)
left join controls.resource_recent_recovery_point as recent
    on resources.scope = recent.scope and resources.resource_id = recent.subject_id
left join controls.server_backup_complete as complete
    on recent.scope = complete.scope and recent.newest_backup_id = complete.subject_id
left join intermediate.int_recovery_points as points
    on recent.scope = points.scope and recent.newest_backup_id = points.backup_id
left join concerns using (scope, resource_id)
left join passes using (scope, resource_id)
left join intermediate.int_severities as worst on concerns.worst_rank = worst.rank
