-- One row per change of a result: which snapshot has it first, from what to what, and why.
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
   -- VARCHAR: The status since: pass, fail, waived, unknown, not_applicable; null where the subject
   
    -- is there no more.
    to_status,
    reason_code,
    reason,
    waiver_id,
    cause,
    policy_sha256,
    waivers_sha256
from changes
