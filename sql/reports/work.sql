-- One row per control and subject that fails without a waiver, worst first, with owner, due date
-- and remedy. If a disk fails as part of a server, the server is named.
-- title: Open failures by owner
select
    worklist.scope,
    severity,
    worklist.control_id as control,
    coalesce(
        nullif(trim(worklist.resource_name), ''), worklist.resource_id, worklist.subject_id
    ) as subject,
    worklist.owner,
    min(worklist.first_failed_at) as since,
    min(worklist.due_at) as due,
    count(*) as results,
    min(worklist.reason) as reason,
    min(worklist.remedy) as remedy,
    any_value(coalesce(nullif(trim(servers.resource_name), ''), servers.resource_id)) as server,
    coalesce(worklist.resource_id, worklist.subject_id) as id
from compliance.owner_worklist as worklist
inner join intermediate.int_severities as severities using (severity)
left join compliance.resource_compliance as resources
    on worklist.scope = resources.scope and worklist.resource_id = resources.resource_id
left join compliance.resource_compliance as servers
    on resources.scope = servers.scope and resources.server_id = servers.resource_id
group by all
order by min(severities.rank) desc, since, control, subject, id
