-- One row per gap of a resource in which attempts on record left no backup. A disk that is only in
-- server backups has those of its server. They explain a gap, and never close it.
select
    scope,
    resource_id, -- VARCHAR: ID of the resource.
    gaps.gap_end,
    count(*) as missed_runs, -- BIGINT: Number of attempts in the gap that left no backup.
    -- VARCHAR: Error codes of these attempts. Null if none has one.
    nullif(
        array_to_string(list_sort(array_agg(distinct attempts.error_code)), ', '), ''
    ) as missed_error_codes
from intermediate.int_gaps as gaps
inner join intermediate.int_requirements as requirements using (scope, resource_id)
inner join intermediate.int_missed_attempts as attempts
    on gaps.scope = attempts.scope
    and coalesce(requirements.server_id, gaps.resource_id) = attempts.resource_id
    and attempts.run_at > gaps.gap_start
    and attempts.run_at <= gaps.gap_end
group by scope, resource_id, gaps.gap_end
