-- One row a control: what is asked, and how many pass. A verdict is a failure as soon as one subject fails.
-- title: Controls
-- links: fail > work by scope control, waived > accepted by scope control, unknown > unknown by scope control
select
    scope,
    severity,
    control_id as control,
    title,
    verdict,
    passes as pass,
    fails as fail,
    waived,
    unknowns as unknown,
    not_applicable,
    first_failed_at as since
from compliance.summary
where control_id is not null
order by case severity when 'critical' then 1 when 'high' then 2 when 'medium' then 3 else 4 end, case verdict when 'fail' then 1 when 'unknown' then 2 else 3 end, control, scope
