-- One row per critical control that fails: what fails, since when, and the owners. `kinds` has the
-- kind of each subject that fails. `named` leaves out disks whose server fails too.
with failures as (
    select
        scope,
        worklist.control_id,
        worklist.title,
        worklist.owner,
        worklist.first_failed_at,
        worklist.due_at,
        resources.server_id,
        case
            when resources.resource_type = 'OS::Nova::Server' then 'server'
            when resources.resource_type = 'OS::Cinder::Volume' then 'disk'
            when resource_id is not null then 'resource'
            else worklist.subject_type
        end as kind,
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
        min(failures.kind) as kind,
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
    list(kind) as kinds,
    sum(results) as results,
    list({'id': id, 'name': name} order by since, name, id)
        filter (where not is_disk_of_server) as named,
    list_sort(list_distinct(flatten(list(owners)))) as owners,
    min(since) as since,
    min(due) as due
from subjects
group by scope, control_id, title
order by since, control_id, scope
