-- One row per control, version, status and rules: the recorded number of results of a snapshot.
select
    control_id,
    control_version,
    status as effective_status,
    policy_sha256,
    waivers_sha256,
    sum(subjects) as subjects
from history.result_counts
group by all
