-- Failures that somebody has accepted, until when, and whether the waiver holds.
-- title: Waivers
-- links: results > accepted by waiver
select
    scope,
    waiver_id as waiver,
    control_id as control,
    state,
    subjects as results,
    owner,
    approver,
    expires_at as expires,
    days_left,
    ticket,
    reason
from compliance.waiver_register
order by days_left, waiver
