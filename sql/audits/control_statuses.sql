-- One row per finding whose status is not defined or whose reason is missing.
-- severity: error
-- relation: controls.findings
select control_id, scope, subject_id, status, reason_code, reason
from controls.findings
where status is null
    or status not in ('pass', 'fail', 'not_applicable', 'unknown')
    or reason_code is null
    or reason is null
    or subject_id is null
