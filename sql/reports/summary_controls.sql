-- One row per scope and control, the most severe first: verdict and number of subjects by status.
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
