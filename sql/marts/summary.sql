-- One row a scope and control: how many subjects pass, and whether the data behind it is whole and fresh.
with results as (
    select * from compliance.control_results
),

controls as (
    select * from compliance.controls
),

snapshots as (
    select * from meta.snapshots
),

rejects as (
    select scope, snapshot_id, count(*) as rejects from meta.rejects group by scope, snapshot_id
),

newest as (
    -- Every scope that was ever read has its rows, even where no snapshot of it is complete.
    select
        scope,
        max(snapshot_id) as newest_snapshot_id,
        max(snapshot_id) filter (where is_current) as snapshot_id,
        max(as_of) filter (where is_current) as as_of,
        bool_or(is_sandbox) as is_sandbox
    from snapshots
    group by scope
),

counted as (
    select
        scope,
        control_id,
        count(*) filter (where effective_status = 'pass') as passes,
        count(*) filter (where effective_status = 'fail') as fails,
        count(*) filter (where effective_status = 'unknown') as unknowns,
        count(*) filter (where effective_status = 'not_applicable') as not_applicable,
        min(first_failed_at) as first_failed_at
    from results
    group by scope, control_id
)

select
    n.scope,
    n.is_sandbox,
    n.snapshot_id, -- VARCHAR: The snapshot that is judged; null where none is complete.
    n.as_of, -- TIMESTAMP: When its reading began.
    n.newest_snapshot_id is distinct from n.snapshot_id as is_stale, -- BOOLEAN: A later reading was not complete.
    coalesce(r.rejects, 0) as rejects, -- BIGINT: Records of the snapshot that could not be loaded.
    c.control_id,
    c.title,
    c.severity,
    coalesce(t.passes, 0) as passes, -- BIGINT: Subjects that pass.
    coalesce(t.fails, 0) as fails, -- BIGINT: Subjects that fail.
    coalesce(t.unknowns, 0) as unknowns, -- BIGINT: Subjects that could not be judged.
    coalesce(t.not_applicable, 0) as not_applicable, -- BIGINT: Subjects that the control does not apply to.
    t.first_failed_at, -- TIMESTAMP: Since when the oldest failure lasts, as far as the snapshot itself tells.
    case
        when n.snapshot_id is null then 'unknown'
        when coalesce(t.fails, 0) > 0 then 'fail'
        when coalesce(t.unknowns, 0) > 0 or coalesce(r.rejects, 0) > 0 then 'unknown'
        when coalesce(t.passes, 0) > 0 then 'pass'
        else 'not_applicable'
    end as verdict -- VARCHAR: fail if any subject fails; unknown if any can't be judged or loaded; else pass.
from newest as n
cross join controls as c
left join counted as t on n.scope = t.scope and c.control_id = t.control_id
left join rejects as r on n.scope = r.scope and n.snapshot_id = r.snapshot_id
