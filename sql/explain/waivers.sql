-- One row per waiver and failure of a resource that it names.
select
    waived.scope,
    findings.resource_id,
    waivers.waiver_id,
    waived.control_id,
    waived.subject_id,
    waived.waiver_state,
    waivers.expires_on,
    waivers.owner,
    waivers.approver,
    waivers.reason
from intermediate.int_waived as waived
inner join intermediate.int_open_findings as findings using (scope, control_id, subject_id)
inner join policy.waivers as waivers
    on waived.scope = waivers.scope and waived.waiver_id = waivers.waiver_id
