-- One row per successful call on record that changed a backup, a vault or a policy: who
-- did what. A refused call changed nothing and has none.
-- kind: view
select
    events.scope,
    events.trace_id,
    events.trace_name,
    events.time as changed_at, -- TIMESTAMP: When the call was made.
    calls.object_kind,
    calls.effect,
    events.resource_id as object_id, -- VARCHAR: ID of the backup, vault or policy.
    events.resource_name as object_name, -- VARCHAR: Name of the backup, vault or policy.
    events.user_id,
    events.user_name,
    events.user_domain_name,
    events.source_ip,
    events.trace_type,
    events.request_id
from staging.stg_audit_events as events
inner join staging.stg_calls as calls on lower(events.trace_name) = calls.call
where events.code like '2__'
