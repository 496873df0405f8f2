-- One row a control and subject that could not be judged. An unknown is no pass: it is a question to the service, or to
-- the policy.
-- title: What could not be decided
with counted as (
    select
        scope,
        severity,
        control_id as control,
        coalesce(nullif(trim(resource_name), ''), nullif(trim(subject_name), ''), coalesce(resource_id, subject_id)) as subject,
        owner,
        reason_code,
        count(*) as results,
        min(reason) as reason,
        coalesce(resource_id, subject_id) as id
    from compliance.control_results
    where raw_status = 'unknown'
    group by all
)

select * from counted
order by case severity when 'critical' then 1 when 'high' then 2 when 'medium' then 3 else 4 end, control, subject, id
