-- One row per resource: does it comply, can it be restored now, and if not, since when?
with open_findings as (
    -- What is wrong with a recovery point concerns every resource that has a part in it: what is
    -- wrong with a server's backup is wrong with each of its disks.
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
    where subject_kind in ('resource', 'lost_point', 'known_point')
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
    -- Only its own: that all of a lost resource's backups are encrypted is no comfort.
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
    -- VARCHAR: server, volume, turbo, other, unknown; volume_via_server is known from a server's
    -- backup alone.
    resources.subject_type,
    -- VARCHAR: The server whose backup a disk is known from; null where it has backups of its own.
    resources.server_id,
    resources.project_id, -- VARCHAR: Project of the resource.
    resources.region,
    -- VARCHAR: Enterprise project, where any backup of the resource says it.
    resources.enterprise_project_id,
    resources.vault_id, -- VARCHAR: Vault that holds its backups, or held them.
    rules.tier,
    rules.owner,
    recent.newest_backup_id,
    recent.newest_rp_at,
    -- DOUBLE: Age of the newest dependable point.
    case when recent.newest_rp_at is not null then recent.measured_value end as age_hours,
    recent.depth,
    recent.newest_attempt_status,
    -- VARCHAR: Has it a dependable point within its RPO: pass, fail, unknown, not_applicable.
    recent.status as recency,
    -- BOOLEAN: Its newest dependable point is recent, complete, and says a restore mode; null: not
    -- known, or older data stands in for today's.
    case
        when recent.status = 'fail' then false
        when recent.status is null or recent.status <> 'pass' or scopes.is_stale then null
        when resources.subject_type in ('volume', 'volume_via_server', 'turbo') then true
        when complete.status = 'fail' then false
        when complete.status = 'pass'
            then coalesce(points.supported_restore_mode, 'na') in ('backup', 'snapshot')
    end as can_restore_now,
    -- TIMESTAMP: Since when it has no dependable point within its RPO; null where no backup says a
    -- time.
    recent.failing_since as unprotected_since,
    -- VARCHAR: compliant; partial: some checks fail; non_compliant: a critical one, or no check of
    -- its own passes; waived: all that fails is accepted; unknown; not_applicable.
    case
        when worst.severity = 'critical' or (concerns.fails > 0 and passes.resource_id is null)
            then 'non_compliant'
        when concerns.fails > 0 then 'partial'
        when concerns.unknowns > 0 then 'unknown'
        when concerns.waived > 0 then 'waived'
        when recent.status = 'pass' then 'compliant'
        else 'not_applicable'
    end as verdict,
    -- VARCHAR[]: Controls that fail for it or for one of its points.
    coalesce(concerns.failed_controls, cast([] as varchar[])) as failed_controls,
    worst.severity as worst_severity, -- VARCHAR: The highest severity among them.
    -- TIMESTAMP: Since when the oldest of them fails, as far as the snapshot itself tells.
    concerns.first_failed_at,
    coalesce(concerns.fails, 0) as fails, -- BIGINT: Findings that fail.
    coalesce(concerns.unknowns, 0) as unknowns -- BIGINT: Findings that could not be decided.
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
