-- One row a clause of a standard and scope: what the controls that support it say, or that nothing here measures it.
with standards as (
    select * from compliance.standards
),

summary as (
    select * from compliance.summary
),

scopes as (
    select * from staging.stg_scopes
)

select
    p.scope,
    s.framework,
    s.version, -- VARCHAR: Version of the standard.
    s.reference,
    count(s.control_id) as controls, -- BIGINT: Controls that support the clause.
    coalesce(list_sort(array_agg(s.control_id) filter (where s.control_id is not null)), cast([] as varchar[])) as control_ids, -- VARCHAR[]: Their ids.
    count(*) filter (where m.verdict = 'pass') as passing, -- BIGINT: Those that pass.
    count(*) filter (where m.verdict = 'fail') as failing, -- BIGINT: Those that fail.
    count(*) filter (where m.verdict = 'waived') as waived, -- BIGINT: Those whose failures are all accepted.
    count(*) filter (where m.verdict = 'unknown') as unknown, -- BIGINT: Those that can not be decided.
    case
        when count(s.control_id) = 0 then 'not_measurable_here'
        when count(*) filter (where m.verdict = 'fail') > 0 then 'fail'
        when count(*) filter (where m.verdict = 'unknown') > 0 then 'unknown'
        when count(*) filter (where m.verdict = 'waived') > 0 then 'waived'
        when count(*) filter (where m.verdict = 'pass') > 0 then 'pass'
        else 'not_applicable'
    end as status, -- VARCHAR: The worst of them, or not_measurable_here. A pass supports the clause, and proves no more.
    coalesce(array_to_string(list_sort(array_agg(distinct s.note)), ' '), '') as notes -- VARCHAR: What has to be known of it.
from standards as s
cross join scopes as p
left join summary as m on s.control_id = m.control_id and p.scope = m.scope
group by p.scope, s.framework, s.version, s.reference
