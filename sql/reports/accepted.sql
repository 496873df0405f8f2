-- Results that fail and count as accepted while their waiver holds.
-- title: Accepted failures
select
    scope,
    severity,
    control_id as control,
    coalesce(resource_name, subject_name, subject_id) as subject,
    owner,
    waiver_id as waiver,
    count(*) as points,
    min(reason) as reason
from compliance.control_results
where effective_status = 'waived'
group by scope, severity, control_id, coalesce(resource_name, subject_name, subject_id), owner, waiver_id
order by case severity when 'critical' then 1 when 'high' then 2 when 'medium' then 3 else 4 end, control, subject
