-- One row a failure that nobody has accepted: what is wrong, who has to act, until when, and what to do.
-- kind: view
with exceptions as (
    select * from intermediate.int_open_findings where effective_status = 'fail'
),

controls as (
    select * from compliance.controls
),

severities as (
    select * from policy.severities
)

select
    coalesce(e.owner, 'enterprise project ' || nullif(nullif(e.enterprise_project_id, ''), '0'), 'nobody') as owner, -- VARCHAR: Who has to act: whom the policy names, else the enterprise project.
    e.scope,
    e.snapshot_id,
    e.control_id,
    c.title,
    e.severity,
    e.subject_type,
    e.subject_id,
    e.resource_id,
    e.resource_name,
    e.vault_id,
    e.tier,
    e.reason_code,
    e.reason,
    e.first_failed_at,
    coalesce(e.first_failed_at, e.as_of) + s.due_days * interval '1' day as due_at, -- TIMESTAMP: Until when it has to be mended, by its severity.
    c.remedy
from exceptions as e
inner join controls as c on e.control_id = c.control_id
inner join severities as s
    on e.scope = s.scope and e.snapshot_id = s.snapshot_id and e.severity = s.severity
