-- One row per change of a result: the first snapshot with it, the status before and after, and the
-- cause.
-- kind: view
with changes as (
    select * from history.result_events
    union all
    select * from intermediate.int_result_changes
)

select
    scope,
    snapshot_id,
    as_of,
    control_id,
    control_version,
    severity,
    subject_kind,
    subject_id,
    subject_name,
    resource_id,
    resource_name,
    owner,
    from_status,
    -- VARCHAR: New status: pass, fail, waived, unknown or not_applicable. Null if the subject no
    -- longer exists.
    to_status,
    reason_code,
    reason,
    waiver_id,
    cause,
    policy_sha256,
    waivers_sha256
from changes
