-- One row per recovery point: does the service say how a server can be restored from it?
-- id: backup-restorable
-- title: Each server backup says how it can be restored
-- severity: medium
-- version: 1
-- subject: recovery_point
-- parameters: none
-- remedy: Try a restore of one of these: the service's pages disagree about what na means.
-- reasons:
--   restorable: pass: It can be restored by {restore_mode}.
--   restore_mode_na: fail: It names {restore_mode}: one page of the service says that it can not be
--     restored, another that it can only make new resources.
--   details_not_read: unknown: Its details were not read, so nothing is known of it.
--   mode_not_known: unknown: Its restore mode is not a documented one: {restore_mode}.
--   type_not_known: unknown: Its resource type is not a documented one: {resource_type}.
--   status_not_known: unknown: Its status is not a documented one: {backup_status}.
--   not_a_server: not_applicable: It is not the backup of a server.
--   not_usable: not_applicable: Its status is {backup_status}, so nothing can be restored from it.
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
