-- One row a control, version, status and rules: how many results were kept of a snapshot.
select
    control_id,
    control_version,
    status as effective_status,
    policy_sha256,
    waivers_sha256,
    sum(subjects) as subjects
from history.result_counts
group by all
