-- One row per waiver: the accepted failure, its state and its end.
-- title: Waivers
-- links: results > accepted by scope waiver
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
