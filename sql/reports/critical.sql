-- One row a critical control that fails: whom it concerns, since when, and whose it is. Disks of
-- servers that fail alike are counted, and their servers are named.
with failures as (
    select
        scope,
        worklist.control_id,
        worklist.title,
        worklist.owner,
        worklist.first_failed_at,
        worklist.due_at,
        resources.server_id,
        coalesce(resource_id, worklist.subject_id) as id,
        coalesce(
            nullif(trim(worklist.resource_name), ''), resource_id, worklist.subject_id
        ) as name
    from compliance.owner_worklist as worklist
    left join compliance.resource_compliance as resources using (scope, resource_id)
    where worklist.severity = 'critical'
),

servers as (
    select distinct scope, control_id, id as server_id from failures
),

subjects as (
    select
        scope,
        control_id,
        failures.title,
        failures.id,
        failures.name,
        servers.server_id is not null as is_disk_of_server,
        min(failures.first_failed_at) as since,
        min(failures.due_at) as due,
        list(distinct failures.owner) as owners,
        count(*) as results
    from failures
    left join servers using (scope, control_id, server_id)
    group by all
)

select
    scope,
    control_id as control,
    title,
    count(*) filter (where not is_disk_of_server) as subjects,
    count(*) filter (where is_disk_of_server) as disks,
    sum(results) as results,
    list({'id': id, 'name': name} order by since, name, id)
        filter (where not is_disk_of_server) as named,
    list_sort(list_distinct(flatten(list(owners)))) as owners,
    min(since) as since,
    min(due) as due
from subjects
group by scope, control_id, title
order by since, control_id, scope
