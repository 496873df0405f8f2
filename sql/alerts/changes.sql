-- One row a scope, control and way to change: results that are otherwise than what was told last.
-- What does not pass now is in open_results, and what was told in told: both are of one form. A
-- scope that was never told of has no results that were told: all that does not pass is new. A
-- point that fails and is there no more ran out; of anything else it is news.
with changes as (
    select
        scope,
        control_id,
        subject_id,
        controls.severity,
        coalesce(open_results.name, told.name) as name,
        case
            when open_results.status = 'fail' then 'now fails'
            when open_results.status = 'unknown' then 'is unknown'
            when open_results.status = 'waived' then 'is waived'
            when findings.status = 'pass' and told.status = 'unknown' then 'passes now'
            when findings.status = 'pass' then 'passes again'
            else 'is judged no more'
        end as words
    from open_results
    full outer join told using (scope, control_id, subject_id)
    inner join compliance.controls as controls using (control_id)
    left join controls.findings as findings using (scope, control_id, subject_id)
    where
        open_results.status is distinct from told.status
        and (
            open_results.status is not null
            or findings.status is not null
            or controls.subject_kind not like '%_point'
        )
)

select
    changes.scope,
    changes.words,
    changes.severity,
    changes.control_id,
    list(changes.name order by changes.name) as names
from changes
-- A server stands for its disks: a disk is named only where its server does not change alike.
left join compliance.resource_compliance as resources
    on changes.scope = resources.scope and changes.subject_id = resources.resource_id
anti join changes as servers
    on changes.scope = servers.scope
    and changes.control_id = servers.control_id
    and changes.words = servers.words
    and resources.server_id = servers.subject_id
group by all
