-- One row a failure that nobody has accepted: what is wrong, who has to act, until when, and what to do.
-- kind: view
with exceptions as (
    select * from intermediate.int_exceptions where effective_status = 'fail'
),

controls as (
    select * from compliance.controls
),

settings as (
    select * from policy.settings
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
    e.failing_since,
    coalesce(e.failing_since, e.as_of) + case e.severity
        when 'critical' then s.due_critical_days
        when 'high' then s.due_high_days
        when 'medium' then s.due_medium_days
        else s.due_low_days
    end * interval '1' day as due_at, -- TIMESTAMP: Until when it has to be mended, by its severity.
    c.remedy
from exceptions as e
inner join controls as c on e.control_id = c.control_id
inner join settings as s on e.scope = s.scope and e.snapshot_id = s.snapshot_id
