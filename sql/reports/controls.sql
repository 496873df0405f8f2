-- What is asked, and how many pass. A verdict is a failure as soon as one subject fails.
-- title: Controls
-- links: fail > work by control, waived > accepted by control, unknown > unknown by control
select
    severity,
    control_id as control,
    title,
    verdict,
    sum(passes) as pass,
    sum(fails) as fail,
    sum(waived) as waived,
    sum(unknowns) as unknown,
    sum(not_applicable) as not_applicable,
    min(first_failed_at) as since
from compliance.summary
group by severity, control_id, title, verdict
order by case severity when 'critical' then 1 when 'high' then 2 when 'medium' then 3 else 4 end, case verdict when 'fail' then 1 when 'unknown' then 2 else 3 end, control
