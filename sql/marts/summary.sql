-- One row per scope and control: how many subjects pass, and whether the data behind it is whole and
-- fresh.
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

-- Every scope that was ever read, even where no snapshot of it is complete.
select
    scopes.scope,
    scopes.is_sandbox,
    -- VARCHAR: The snapshot that is judged; null where none is complete.
    scopes.snapshot_id,
    scopes.as_of, -- TIMESTAMP: When its reading began.
    scopes.is_stale,
    scopes.stale_reason,
    -- BIGINT: Records of the snapshot that could not be loaded.
    coalesce(snapshots.rejects, 0) as rejects,
    control_id,
    controls.title,
    controls.severity,
    coalesce(counts.passes, 0) as passes, -- BIGINT: Subjects that pass.
    -- BIGINT: Subjects that fail.
    coalesce(counts.fails, 0) - coalesce(failures.waived, 0) as fails,
    -- BIGINT: Subjects that fail, which somebody has accepted.
    coalesce(failures.waived, 0) as waived,
    coalesce(counts.unknowns, 0) as unknowns, -- BIGINT: Subjects that could not be judged.
    -- BIGINT: Subjects that the control does not apply to.
    coalesce(counts.not_applicable, 0) as not_applicable,
    -- TIMESTAMP: Since when the oldest failure lasts, as far as anything tells.
    failures.first_failed_at,
    -- VARCHAR: fail if any subject fails; unknown if any can't be judged or loaded, if the data is
    -- stale, or if there is none, unless nothing of its kind was lost; waived if any failure is
    -- accepted and none is left; else pass.
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
