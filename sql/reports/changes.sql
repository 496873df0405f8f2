-- One row per control and subject whose result changed since the previous snapshot.
-- title: Changes since the previous snapshot
select
    scope,
    severity,
    events.control_id as control,
    coalesce(
        nullif(trim(events.resource_name), ''),
        nullif(trim(events.subject_name), ''),
        events.resource_id,
        events.subject_id
    ) as subject,
    events.owner,
    events.from_status,
    events.to_status,
    events.cause,
    count(*) as results,
    min(events.reason) as reason,
    coalesce(events.resource_id, events.subject_id) as id
from compliance.control_result_events as events
inner join staging.stg_snapshots as snapshots using (scope, snapshot_id)
inner join intermediate.int_severities as severities using (severity)
group by all
order by min(severities.rank) desc, events.to_status, control, subject, id
