-- One row a control and subject whose results are not what they were when the snapshot before was judged.
-- title: What changed with the last snapshot
with counted as (
    select
        e.scope,
        e.severity,
        e.control_id as control,
        coalesce(nullif(trim(e.resource_name), ''), nullif(trim(e.subject_name), ''), coalesce(e.resource_id, e.subject_id)) as subject,
        e.owner,
        e.from_status,
        e.to_status,
        e.cause,
        count(*) as results,
        min(e.reason) as reason,
        coalesce(e.resource_id, e.subject_id) as id
    from compliance.control_result_events as e
    inner join staging.stg_snapshots as n on e.scope = n.scope and e.snapshot_id = n.snapshot_id
    group by all
)

select * from counted
order by case severity when 'critical' then 1 when 'high' then 2 when 'medium' then 3 else 4 end, to_status, control, subject, id
