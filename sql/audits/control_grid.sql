-- One row a control and subject without exactly one finding: a missing row is a bug, never a pass.
-- severity: error
-- relation: controls.findings
with expected as (
    select c.control_id, s.scope, s.snapshot_id, s.subject_id
    from compliance.controls as c
    inner join intermediate.int_subjects as s on c.subject_kind = s.subject_kind
),

counted as (
    select control_id, scope, snapshot_id, subject_id, count(*) as findings
    from controls.findings
    group by control_id, scope, snapshot_id, subject_id
)

select
    coalesce(e.control_id, r.control_id) as control_id,
    coalesce(e.scope, r.scope) as scope,
    coalesce(e.subject_id, r.subject_id) as subject_id,
    r.findings
from expected as e
full join counted as r
    on e.control_id = r.control_id
    and e.scope = r.scope
    and e.snapshot_id = r.snapshot_id
    and e.subject_id = r.subject_id
where e.control_id is null or r.findings is null or r.findings <> 1
