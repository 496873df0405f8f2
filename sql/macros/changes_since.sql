-- One row per result that changed after a moment (UTC): from what to what, and why.
-- parameters: moment
select
    as_of,
    scope,
    severity,
    control_id,
    coalesce(resource_name, subject_name, subject_id) as subject,
    owner,
    from_status,
    to_status,
    reason,
    cause
from compliance.control_result_events
where as_of > $moment
order by as_of, severity, control_id, subject
