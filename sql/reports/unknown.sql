-- One row a control and subject that could not be judged. An unknown is no pass: it is a question
-- to the service, or to the policy.
-- title: What could not be decided
select
    results.scope,
    severity,
    results.control_id as control,
    coalesce(
        nullif(trim(results.resource_name), ''),
        nullif(trim(results.subject_name), ''),
        results.resource_id,
        results.subject_id
    ) as subject,
    results.owner,
    results.reason_code,
    count(*) as results,
    min(results.reason) as reason,
    coalesce(results.resource_id, results.subject_id) as id
from compliance.control_results as results
inner join intermediate.int_severities as severities using (severity)
where results.raw_status = 'unknown'
group by all
order by min(severities.rank) desc, control, subject, id
