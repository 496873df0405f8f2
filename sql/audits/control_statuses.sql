-- One row a result whose status, reason or evidence is not one that a reader can rely on.
-- severity: error
-- relation: compliance.control_results
select control_id, scope, subject_id, raw_status, reason_code, reason
from compliance.control_results
where raw_status is null
    or raw_status not in ('pass', 'fail', 'not_applicable', 'unknown')
    or reason_code is null
    or reason is null
    or evidence_sha256 is null
