-- One row per resource: did its newest finished backup succeed?
-- id: resource-latest-attempt-succeeded
-- title: The newest finished backup succeeded
-- severity: high
-- version: 2
-- subject: resource
-- parameters: none
-- remedy: Find the failed task in the console (vault full, agent offline, disk in error), then
--   start a backup.
-- reasons:
--   succeeded: pass: The status of its newest finished backup is {newest_status}.
--   failed: fail: The status of its newest finished backup is {newest_status}.
--   none_finished: unknown: None of its backups has finished.
--   time_not_known: unknown: A failed backup has no time, so it may be the newest.
--   status_not_known: unknown: The status of its newest backup is not documented: {newest_status}.
--   judged_at_source: not_applicable: Only copies are stored in this scope; the resource is judged
--     in its source scope.
--   lost: not_applicable: It has no backups left: see resource-protection-lost.
select
    scope,
    requirements.snapshot_id,
    resource_id as subject_id,
    -- Backups that are still running or being deleted are not counted.
    case
        when requirements.only_replicas then 'judged_at_source'
        when requirements.lost_at is not null then 'lost'
        when summaries.newest_finished_id is null then 'none_finished'
        when summaries.newest_finished_is_usable and summaries.undated_failures > 0
            then 'time_not_known'
        when summaries.newest_finished_is_usable then 'succeeded'
        when summaries.newest_finished_state = 'unknown' then 'status_not_known'
        else 'failed'
    end as reason_code,
    case when summaries.newest_finished_id is not null then array[summaries.newest_finished_id] end
        as evidence_backup_ids,
    summaries.last_finished_at as failing_since,
    summaries.newest_finished_status as newest_status
from intermediate.int_requirements as requirements
left join intermediate.int_resource_summary as summaries using (scope, resource_id)
