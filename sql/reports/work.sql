-- Each failure that nobody has accepted, the worst first: since when, until when, and what mends it.
-- title: What to do, and who
with work as (
    select w.*, r.server_id
    from compliance.owner_worklist as w
    left join intermediate.int_resources as r using (scope, snapshot_id, resource_id)
),

-- A server stands for its disks: a disk is named only where its server does not fail alike.
led as (
    select w.*
    from work as w
    anti join work as s on w.scope = s.scope and w.control_id = s.control_id and w.server_id = s.resource_id
)

select
    scope,
    severity,
    control_id as control,
    coalesce(resource_name, subject_id) as subject,
    owner,
    first_failed_at as since,
    due_at as due,
    count(*) as points,
    min(reason) as reason,
    min(remedy) as remedy
from led
group by scope, severity, control_id, coalesce(resource_name, subject_id), owner, first_failed_at, due_at
order by case severity when 'critical' then 1 when 'high' then 2 when 'medium' then 3 else 4 end, since, control, subject
