-- One row per clause of a standard and scope: what the controls that support it say, or that nothing
-- here measures it.
with clauses as (
    select
        scopes.scope,
        standards.framework,
        standards.version,
        standards.reference,
        count(standards.control_id) as controls,
        coalesce(
            list_sort(
                array_agg(standards.control_id) filter (where standards.control_id is not null)
            ),
            cast([] as varchar[])
        ) as control_ids,
        count(*) filter (where summary.verdict = 'pass') as passing,
        count(*) filter (where summary.verdict = 'fail') as failing,
        count(*) filter (where summary.verdict = 'waived') as waived,
        count(*) filter (where summary.verdict = 'unknown') as unknown,
        coalesce(array_to_string(list_sort(array_agg(distinct standards.note)), ' '), '') as notes
    from compliance.standards as standards
    cross join staging.stg_scopes as scopes
    left join compliance.summary as summary
        on standards.control_id = summary.control_id and scopes.scope = summary.scope
    group by scopes.scope, standards.framework, standards.version, standards.reference
)

select
    scope,
    framework,
    version, -- VARCHAR: Version of the standard.
    reference,
    controls, -- BIGINT: Controls that support the clause.
    control_ids, -- VARCHAR[]: Their ids.
    passing, -- BIGINT: Those that pass.
    failing, -- BIGINT: Those that fail.
    waived, -- BIGINT: Those whose failures are all accepted.
    unknown, -- BIGINT: Those that can not be decided.
    -- VARCHAR: The worst of them, or not_measurable_here. A pass supports the clause, and proves no
    -- more.
    case
        when controls = 0 then 'not_measurable_here'
        when failing > 0 then 'fail'
        when unknown > 0 then 'unknown'
        when waived > 0 then 'waived'
        when passing > 0 then 'pass'
        else 'not_applicable'
    end as status,
    notes -- VARCHAR: What has to be known of it.
from clauses
