-- One row a control and resource, or other subject, that fails and that nobody has accepted: the worst first, since
-- when, until when, and what mends it. What a disk fails as part of a server says which server that is.
-- title: What to do, and who
select
    w.scope,
    w.severity,
    w.control_id as control,
    coalesce(nullif(trim(w.resource_name), ''), w.resource_id, w.subject_id) as subject,
    w.owner,
    min(w.first_failed_at) as since,
    min(w.due_at) as due,
    count(*) as results,
    min(w.reason) as reason,
    min(w.remedy) as remedy,
    any_value(coalesce(nullif(trim(s.resource_name), ''), s.resource_id)) as server,
    coalesce(w.resource_id, w.subject_id) as id
from compliance.owner_worklist as w
left join compliance.resource_compliance as r
    on w.scope = r.scope and w.snapshot_id = r.snapshot_id and w.resource_id = r.resource_id
left join compliance.resource_compliance as s
    on r.scope = s.scope and r.snapshot_id = s.snapshot_id and r.server_id = s.resource_id
group by
    w.scope,
    w.severity,
    w.control_id,
    coalesce(nullif(trim(w.resource_name), ''), w.resource_id, w.subject_id),
    w.owner,
    coalesce(w.resource_id, w.subject_id)
order by case severity when 'critical' then 1 when 'high' then 2 when 'medium' then 3 else 4 end, since, control, subject, id
