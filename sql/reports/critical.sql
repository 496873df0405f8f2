-- One row per critical control that fails: what fails, since when, and the owners. `kinds` has the kind of each subject
-- that fails. `named` leaves out disks whose server fails too.
with work as (
    select
        w.*,
        coalesce(w.resource_id, w.subject_id) as id,
        coalesce(nullif(trim(w.resource_name), ''), w.resource_id, w.subject_id) as name,
        r.server_id,
        case
            when r.resource_type = 'OS::Nova::Server' then 'server'
            when r.resource_type = 'OS::Cinder::Volume' then 'disk'
            when w.resource_id is not null then 'resource'
            else w.subject_type
        end as kind
    from compliance.owner_worklist as w
    left join compliance.resource_compliance as r
        on w.scope = r.scope and w.snapshot_id = r.snapshot_id and w.resource_id = r.resource_id
    where w.severity = 'critical'
),

led as (
    select w.*, s.id is not null as is_led
    from work as w
    left join (select distinct scope, control_id, id from work) as s
        on w.scope = s.scope and w.control_id = s.control_id and w.server_id = s.id
),

subjects as (
    select
        scope,
        control_id,
        title,
        id,
        name,
        is_led,
        min(kind) as kind,
        min(first_failed_at) as since,
        min(due_at) as due,
        list(distinct owner) as owners,
        count(*) as results
    from led
    group by scope, control_id, title, id, name, is_led
)

select
    scope,
    control_id as control,
    title,
    list(kind) as kinds,
    sum(results) as results,
    list({'id': id, 'name': name} order by since, name, id) filter (where not is_led) as named,
    list_sort(list_distinct(flatten(list(owners)))) as owners,
    min(since) as since,
    min(due) as due
from subjects
group by scope, control_id, title
order by since, control_id, scope
