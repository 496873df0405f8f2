-- One row per result that changed after a moment (UTC): the status before and after, and the cause.
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
