-- One row per control and subject without a result, because the service or the policy does not
-- give the necessary information. Unknown does not count as a pass.
-- title: Unknown results
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
