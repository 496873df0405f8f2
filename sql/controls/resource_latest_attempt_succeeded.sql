-- One row per resource: did its newest finished backup end well?
-- id: resource-latest-attempt-succeeded
-- title: The newest finished backup ended well
-- severity: high
-- version: 2
-- subject: resource
-- parameters: none
-- remedy: Find the failed task in the console: vault full, agent offline, disk in error. Then start
--   a backup.
-- reasons:
--   succeeded: pass: Its newest finished backup is {newest_status}.
--   failed: fail: Its newest finished backup is {newest_status}.
--   none_finished: unknown: No backup of it is finished.
--   time_not_known: unknown: A backup that failed carries no time, so it may be the newest.
--   status_not_known: unknown: Its newest backup has a status that is not documented:
--     {newest_status}.
--   judged_at_source: not_applicable: Only copies are kept here; the resource is judged in the
--     scope where it lives.
--   lost: not_applicable: It has no backup any more: see resource-protection-lost.
select
    scope,
    requirements.snapshot_id,
    resource_id as subject_id,
    -- A backup that is still running says nothing yet, one that is being removed nothing any more.
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
