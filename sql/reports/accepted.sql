-- One row per control and subject whose failure is covered by an active waiver.
-- title: Waived failures
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
    results.waiver_id as waiver,
    count(*) as results,
    min(results.reason) as reason,
    coalesce(results.resource_id, results.subject_id) as id
from compliance.control_results as results
inner join intermediate.int_severities as severities using (severity)
where results.effective_status = 'waived'
group by all
order by min(severities.rank) desc, control, subject, id
