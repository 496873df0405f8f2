-- One row a scope and control: how many subjects pass, and whether the data behind it is whole and fresh.
with findings as (
    select * from controls.findings
),

exceptions as (
    select * from intermediate.int_open_findings where status = 'fail'
),

controls as (
    select * from compliance.controls
),

scopes as (
    -- Every scope that was ever read, even where no snapshot of it is complete.
    select * from staging.stg_scopes
),

snapshots as (
    select * from meta.snapshots where is_current
),

sampling as (
    select * from intermediate.int_sampling
),

counted as (
    select
        scope,
        control_id,
        count(*) filter (where status = 'pass') as passes,
        count(*) filter (where status = 'fail') as fails,
        count(*) filter (where status = 'unknown') as unknowns,
        count(*) filter (where status = 'not_applicable') as not_applicable
    from findings
    group by scope, control_id
),

accepted as (
    select
        scope,
        control_id,
        count(*) filter (where effective_status = 'waived') as waived,
        min(first_failed_at) as first_failed_at
    from exceptions
    group by scope, control_id
)

select
    p.scope,
    p.is_sandbox,
    p.snapshot_id, -- VARCHAR: The snapshot that is judged; null where none is complete.
    p.as_of, -- TIMESTAMP: When its reading began.
    p.is_stale,
    p.stale_reason,
    coalesce(n.rejects, 0) as rejects, -- BIGINT: Records of the snapshot that could not be loaded.
    c.control_id,
    c.title,
    c.severity,
    coalesce(t.passes, 0) as passes, -- BIGINT: Subjects that pass.
    coalesce(t.fails, 0) - coalesce(a.waived, 0) as fails, -- BIGINT: Subjects that fail.
    coalesce(a.waived, 0) as waived, -- BIGINT: Subjects that fail, which somebody has accepted.
    coalesce(t.unknowns, 0) as unknowns, -- BIGINT: Subjects that could not be judged.
    coalesce(t.not_applicable, 0) as not_applicable, -- BIGINT: Subjects that the control does not apply to.
    a.first_failed_at, -- TIMESTAMP: Since when the oldest failure lasts, as far as anything tells.
    case
        when coalesce(t.fails, 0) > coalesce(a.waived, 0) then 'fail'
        when t.control_id is null and c.subject_kind = 'waiver' and n.scope is not null then 'not_applicable'
        when t.control_id is null and c.subject_kind = 'lost_point' and m.has_history and not p.is_stale and n.rejects = 0
            then 'pass'
        when t.control_id is null or p.is_stale or n.rejects > 0 or t.unknowns > 0 then 'unknown'
        when a.waived > 0 then 'waived'
        when t.passes > 0 then 'pass'
        else 'not_applicable'
    end as verdict -- VARCHAR: fail if any subject fails; unknown if any can't be judged or loaded, if the data is stale, or if there is none, unless nothing of its kind was lost; waived if any failure is accepted and none is left; else pass.
from scopes as p
cross join controls as c
left join snapshots as n on p.scope = n.scope
left join counted as t on p.scope = t.scope and c.control_id = t.control_id
left join accepted as a on p.scope = a.scope and c.control_id = a.control_id
left join sampling as m on p.scope = m.scope
