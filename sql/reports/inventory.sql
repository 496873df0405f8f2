-- One row per scope: how many of the listed resources have to be protected, how many are, and which
-- are not.
with failures as (
    -- A disk whose server fails is counted, and not named.
    select
        results.scope,
        list_sort(array_agg(coalesce(results.subject_name, results.subject_id)) filter (
            where servers.subject_id is null
        )) as names
    from compliance.control_results as results
    left join cbr.protectable_disks as disks
        on results.scope = disks.scope and results.subject_id = disks.id
    left join compliance.control_results as servers
        on disks.scope = servers.scope
        and disks.server_id = servers.subject_id
        and servers.control_id = results.control_id
        and servers.effective_status = 'fail'
    where results.control_id = 'resource-protected' and results.effective_status = 'fail'
    group by results.scope
),

totals as (
    select
        scope,
        max(inventory_state) as state,
        sum(resources) as resources,
        sum(grace) + sum(out_of_scope) as not_judged,
        sum(protected) as protected,
        sum(waived) as waived
    from compliance.protection_coverage
    group by scope
)

select
    scope,
    totals.state,
    cast(totals.resources - totals.not_judged as bigint) as required,
    cast(totals.protected as bigint) as protected,
    cast(totals.waived as bigint) as waived,
    coalesce(failures.names, cast([] as varchar[])) as names
from totals
left join failures using (scope)
order by scope
