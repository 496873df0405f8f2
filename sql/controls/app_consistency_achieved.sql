-- One row per recovery point: is it application-consistent, if the tier requires that?
-- id: app-consistency-achieved
-- title: Backups are application-consistent where required
-- severity: medium
-- version: 1
-- subject: recovery_point
-- parameters: app_consistency
-- remedy: Look up the error code. Usually the agent on the server is missing, outdated or stopped.
-- reasons:
--   consistent: pass: It is application-consistent.
--   failed: fail: Application consistency failed: {error_code}, {error_message}.
--   not_consistent: fail: It is not application-consistent.
--   not_said: unknown: The service does not report whether it is application-consistent.
--   status_not_known: unknown: Its status is not documented: {backup_status}.
--   not_a_server: not_applicable: It is not a server backup.
--   not_required: not_applicable: The tier does not require application consistency.
--   not_usable: not_applicable: Its status is {backup_status}, so it cannot be restored.
select
    scope,
    points.snapshot_id,
    points.backup_id as subject_id,
    case
        when points.level in ('volume', 'turbo', 'other') then 'not_a_server'
        when requirements.app_consistency <> 'required' then 'not_required'
        when points.state = 'unknown' then 'status_not_known'
        when not points.is_usable then 'not_usable'
        when coalesce(points.app_consistency_error_code, '0') not in ('0', '') then 'failed'
        when points.app_consistency_status = '1' then 'consistent'
        when points.app_consistency_status = '0' then 'not_consistent'
        else 'not_said'
    end as reason_code,
    points.created_at as failing_since,
    points.status as backup_status,
    points.app_consistency_error_code as error_code,
    coalesce(nullif(points.app_consistency_error_message, ''), 'no reason given') as error_message
from intermediate.int_recovery_points as points
inner join intermediate.int_requirements as requirements using (scope, resource_id)
