-- One row per result that does not pass. The next snapshot is compared with it.
select
    scope,
    snapshot_id,
    as_of,
    control_id,
    control_version,
    policy_sha256,
    waivers_sha256,
    severity,
    subject_kind,
    subject_id,
    subject_name,
    resource_id,
    resource_name,
    owner,
    effective_status as status,
    since,
    first_failed_at
from intermediate.int_open_findings
