-- One row per clause of a standard and scope: result of the controls that support it, or
-- not_measurable_here.
with unread as (
    -- Controls that judge nothing of a scope, because an input is not read.
    select distinct scope, control_id
    from controls.findings
    where reason_code = 'input_missing'
),

clauses as (
    select
        scopes.scope,
        standards.framework,
        standards.version,
        standards.reference,
        count(standards.control_id) as controls,
        count(unread.control_id) as unread,
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
    left join unread
        on standards.control_id = unread.control_id and scopes.scope = unread.scope
    group by scopes.scope, standards.framework, standards.version, standards.reference
)

select
    scope,
    framework,
    version, -- VARCHAR: Version of the standard.
    reference,
    controls, -- BIGINT: Number of controls that support the clause.
    control_ids, -- VARCHAR[]: Their IDs.
    passing, -- BIGINT: Number of these controls that pass.
    failing, -- BIGINT: Number of these controls that fail.
    waived, -- BIGINT: Number of these controls whose failures are all waived.
    unknown, -- BIGINT: Number of these controls that are unknown.
    -- VARCHAR: Worst status of these controls, or not_measurable_here. A pass supports the clause,
    -- but does not prove that it is met.
    case
        when controls = unread then 'not_measurable_here'
        when failing > 0 then 'fail'
        when unknown > 0 then 'unknown'
        when waived > 0 then 'waived'
        when passing > 0 then 'pass'
        else 'not_applicable'
    end as status,
    notes -- VARCHAR: Notes on the clause.
from clauses
