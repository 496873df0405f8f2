-- An unknown is no pass: it is a question to the service, or to the policy.
-- title: What could not be decided
select
    scope,
    severity,
    control_id as control,
    coalesce(resource_name, subject_name, subject_id) as subject,
    owner,
    reason_code,
    count(*) as points,
    min(reason) as reason
from compliance.control_results
where raw_status = 'unknown'
group by scope, severity, control_id, coalesce(resource_name, subject_name, subject_id), owner, reason_code
order by case severity when 'critical' then 1 when 'high' then 2 when 'medium' then 3 else 4 end, control, reason_code, subject
