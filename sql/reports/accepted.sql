-- One row a control and subject that fails, and counts as accepted while its waiver holds.
-- title: Accepted failures
with counted as (
    select
        scope,
        severity,
        control_id as control,
        coalesce(nullif(trim(resource_name), ''), nullif(trim(subject_name), ''), coalesce(resource_id, subject_id)) as subject,
        owner,
        waiver_id as waiver,
        count(*) as results,
        min(reason) as reason,
        coalesce(resource_id, subject_id) as id
    from compliance.control_results
    where effective_status = 'waived'
    group by all
)

select * from counted
order by case severity when 'critical' then 1 when 'high' then 2 when 'medium' then 3 else 4 end, control, subject, id
