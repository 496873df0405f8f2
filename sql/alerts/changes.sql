-- One row per scope, control and outcome: results that changed since the last notification.
-- open_results has what does not pass now, notified_results what did not pass then. In a scope
-- without earlier notifications, everything that does not pass is new. A recovery point that fails
-- and no longer exists has expired, which is no news. Any other subject is reported.
with changes as (
    select
        scope,
        control_id,
        subject_id,
        controls.severity,
        coalesce(open_results.name, notified_results.name) as name,
        case
            when open_results.status = 'fail' then 'now fails'
            when open_results.status = 'unknown' then 'is unknown'
            when open_results.status = 'waived' then 'is waived'
            when findings.status = 'pass' and notified_results.status = 'unknown' then 'passes now'
            when findings.status = 'pass' then 'passes again'
            else 'is no longer checked'
        end as outcome
    from open_results
    full outer join notified_results using (scope, control_id, subject_id)
    inner join compliance.controls as controls using (control_id)
    left join controls.findings as findings using (scope, control_id, subject_id)
    where
        open_results.status is distinct from notified_results.status
        and (
            open_results.status is not null
            or findings.status is not null
            or controls.subject_kind not like '%_point'
        )
)

select
    changes.scope,
    changes.outcome,
    changes.severity,
    changes.control_id,
    list(changes.name order by changes.name) as names
from changes
-- A disk is named only if its server does not change in the same way.
left join compliance.resource_compliance as resources
    on changes.scope = resources.scope and changes.subject_id = resources.resource_id
anti join changes as servers
    on changes.scope = servers.scope
    and changes.control_id = servers.control_id
    and changes.outcome = servers.outcome
    and resources.server_id = servers.subject_id
group by all
