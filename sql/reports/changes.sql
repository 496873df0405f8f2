-- Results that are not what they were when the snapshot before was judged.
-- title: What changed with the last snapshot
select
    scope,
    severity,
    control_id as control,
    coalesce(resource_name, subject_name, subject_id) as subject,
    owner,
    from_status,
    to_status,
    cause,
    count(*) as points,
    min(reason) as reason
from compliance.control_result_events
where snapshot_id in (select snapshot_id from staging.stg_snapshots)
group by
    scope,
    severity,
    control_id,
    coalesce(resource_name, subject_name, subject_id),
    owner,
    from_status,
    to_status,
    cause
order by case severity when 'critical' then 1 when 'high' then 2 when 'medium' then 3 else 4 end, to_status, control, subject
