-- One row per result that does not pass.
select
    scope,
    control_id,
    subject_id,
    effective_status as status,
    coalesce(nullif(trim(resource_name), ''), nullif(trim(subject_name), ''), subject_id) as name
from intermediate.int_open_findings
