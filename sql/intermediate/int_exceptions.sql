-- One row an exception: a finding that fails, or that can not be decided.
with findings as (
    select * from controls.findings where status in ('fail', 'unknown')
),

controls as (
    select * from compliance.controls
)

select
    f.control_id,
    c.severity,
    c.subject_kind,
    f.scope,
    f.snapshot_id,
    f.subject_id,
    f.status,
    f.reason_code,
    f.failing_since
from findings as f
inner join controls as c on f.control_id = c.control_id
