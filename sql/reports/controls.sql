-- One row per control: its requirement and the number of subjects by status. The verdict is fail
-- as soon as one subject fails.
-- title: Controls
-- links: fail > work by scope control, waived > accepted by scope control,
--   unknown > unknown by scope control
select
    summary.scope,
    severity,
    summary.control_id as control,
    summary.title,
    summary.verdict,
    summary.passes as pass,
    summary.fails as fail,
    summary.waived,
    summary.unknowns as unknown,
    summary.not_applicable,
    summary.first_failed_at as since
from compliance.summary as summary
inner join intermediate.int_severities as severities using (severity)
order by
    severities.rank desc,
    case summary.verdict when 'fail' then 1 when 'unknown' then 2 else 3 end,
    control,
    summary.scope
