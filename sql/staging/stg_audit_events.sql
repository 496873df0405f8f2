-- One row per call on record, by the audit trail of the service or by the file of the user. An
-- event that both have is the one of the service.
-- kind: view
with recorded_events as (
    select files.*
    from cbr.recorded_events as files
    left join cbr.audit_events as events using (scope, trace_id)
    where events.trace_id is null
),

events as (
    select
        scope,
        trace_id,
        trace_name,
        trace_type,
        resource_id,
        resource_name,
        time,
        code,
        user_id,
        user_name,
        user_domain_name,
        source_ip,
        request_id
    from cbr.audit_events
    union all
    select
        scope,
        trace_id,
        trace_name,
        trace_type,
        resource_id,
        resource_name,
        time,
        code,
        user_id,
        user_name,
        user_domain_name,
        source_ip,
        request_id
    from recorded_events
)

select
    scope,
    trace_id,
    trace_name,
    trace_type,
    resource_id,
    resource_name,
    time,
    code,
    user_id,
    user_name,
    user_domain_name,
    source_ip,
    request_id
from events
