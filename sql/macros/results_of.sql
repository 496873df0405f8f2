-- One row per result of a resource, given by ID or name, that does not pass, most severe first.
-- parameters: resource
select
    results.scope,
    results.control_id,
    severity,
    results.effective_status,
    results.reason,
    results.first_failed_at,
    results.owner,
    results.evidence_backup_ids
from compliance.control_results as results
inner join intermediate.int_severities as severities using (severity)
where
    (results.resource_id = $resource or results.resource_name = $resource)
    and results.effective_status in ('fail', 'waived', 'unknown')
order by severities.rank desc, results.control_id
