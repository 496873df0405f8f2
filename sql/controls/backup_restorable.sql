-- One row per recovery point: does a server backup name a restore mode?
-- id: backup-restorable
-- title: Each server backup names its restore mode
-- severity: medium
-- version: 1
-- subject: recovery_point
-- parameters: none
-- remedy: Test a restore of one of these backups: the service documentation disagrees about the
--   meaning of na.
-- reasons:
--   restorable: pass: It can be restored in the mode {restore_mode}.
--   restore_mode_na: fail: Its restore mode is {restore_mode}. The service documentation says in
--     one place that it cannot be restored, and in another that it can only create new resources.
--   details_not_read: unknown: Its details are unread, so its restore mode is unknown.
--   mode_not_known: unknown: Its restore mode is not documented: {restore_mode}.
--   type_not_known: unknown: Its resource type is not documented: {resource_type}.
--   status_not_known: unknown: Its status is not documented: {backup_status}.
--   not_a_server: not_applicable: It is not a server backup.
--   not_usable: not_applicable: Its status is {backup_status}, so it cannot be restored.
select
    scope,
    snapshot_id,
    backup_id as subject_id,
    case
        when level in ('volume', 'turbo', 'other') then 'not_a_server'
        when state = 'unknown' then 'status_not_known'
        when not is_usable then 'not_usable'
        when level = 'unknown' then 'type_not_known'
        when supported_restore_mode in ('backup', 'snapshot') then 'restorable'
        when not detail_loaded and supported_restore_mode is null then 'details_not_read'
        when coalesce(supported_restore_mode, 'na') = 'na' then 'restore_mode_na'
        else 'mode_not_known'
    end as reason_code,
    created_at as failing_since,
    status as backup_status,
    resource_type,
    coalesce(supported_restore_mode, 'no restore mode') as restore_mode
from intermediate.int_recovery_points
