-- One row a result that does not pass, of a resource that is named by its id or its name, the worst first.
-- parameters: resource
select
    scope,
    control_id,
    severity,
    effective_status,
    reason,
    first_failed_at,
    owner,
    evidence_backup_ids
from compliance.control_results
where (resource_id = $resource or resource_name = $resource) and effective_status in ('fail', 'waived', 'unknown')
order by case severity when 'critical' then 1 when 'high' then 2 when 'medium' then 3 else 4 end, control_id
