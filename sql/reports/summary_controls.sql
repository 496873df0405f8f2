-- One row a scope and control, the most severe first: its verdict, and how many subjects there are
-- of each status.
select
    summary.scope,
    summary.control_id,
    severity,
    summary.verdict,
    summary.passes,
    summary.fails,
    summary.unknowns,
    summary.not_applicable
from compliance.summary as summary
inner join intermediate.int_severities as severities using (severity)
order by summary.scope, severities.rank desc, summary.control_id
