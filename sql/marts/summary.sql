-- One row per scope and control: number of subjects by status, and whether the data is complete and
-- up to date.
with counts as (
    select
        scope,
        control_id,
        count(*) filter (where status = 'pass') as passes,
        count(*) filter (where status = 'fail') as fails,
        count(*) filter (where status = 'unknown') as unknowns,
        count(*) filter (where status = 'not_applicable') as not_applicable
    from controls.findings
    group by scope, control_id
),

failures as (
    select
        scope,
        control_id,
        count(*) filter (where effective_status = 'waived') as waived,
        min(first_failed_at) as first_failed_at
    from intermediate.int_open_findings
    where status = 'fail'
    group by scope, control_id
)

-- Includes scopes without a complete snapshot.
select
    scopes.scope,
    scopes.is_sandbox,
    -- VARCHAR: Snapshot that is judged. Null if none is complete.
    scopes.snapshot_id,
    scopes.as_of, -- TIMESTAMP: When reading of the snapshot began.
    scopes.is_stale,
    scopes.stale_reason,
    -- BIGINT: Number of records of the snapshot that could not be loaded.
    coalesce(snapshots.rejects, 0) as rejects,
    control_id,
    controls.title,
    controls.severity,
    coalesce(counts.passes, 0) as passes, -- BIGINT: Number of subjects that pass.
    -- BIGINT: Number of subjects that fail without an active waiver.
    coalesce(counts.fails, 0) - coalesce(failures.waived, 0) as fails,
    -- BIGINT: Number of subjects whose failure is waived.
    coalesce(failures.waived, 0) as waived,
    coalesce(counts.unknowns, 0) as unknowns, -- BIGINT: Number of subjects without a result.
    -- BIGINT: Number of subjects that the control does not apply to.
    coalesce(counts.not_applicable, 0) as not_applicable,
    -- TIMESTAMP: Since when the oldest failure exists, as far as the data shows.
    failures.first_failed_at,
    -- VARCHAR: fail if any subject fails; unknown if any subject is unknown or rejected, if the
    -- data is stale, or if there are no results, except for lost points and waivers; waived if all
    -- failures are waived; pass if any subject passes; otherwise not_applicable.
    case
        when coalesce(counts.fails, 0) > coalesce(failures.waived, 0) then 'fail'
        when
            counts.control_id is null
            and controls.subject_kind = 'waiver'
            and snapshots.scope is not null
            then 'not_applicable'
        when
            counts.control_id is null
            and controls.subject_kind = 'lost_point'
            and sampling.has_history
            and not scopes.is_stale
            and snapshots.rejects = 0
            then 'pass'
        when
            counts.control_id is null
            or scopes.is_stale
            or snapshots.rejects > 0
            or counts.unknowns > 0
            then 'unknown'
        when failures.waived > 0 then 'waived'
        when counts.passes > 0 then 'pass'
        else 'not_applicable'
    end as verdict
from staging.stg_scopes as scopes
cross join compliance.controls as controls
left join counts using (scope, control_id)
left join failures using (scope, control_id)
left join intermediate.int_sampling as sampling using (scope)
left join meta.snapshots as snapshots
    on scopes.scope = snapshots.scope and snapshots.is_current
