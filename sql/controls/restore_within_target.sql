-- One row per resource: was its last restore as fast as its tier requires? These are the minutes of
-- the task alone, without what comes before and after it.
-- id: restore-within-target
-- title: The last restore of the resource was fast enough
-- severity: high
-- version: 1
-- subject: resource
-- worse: higher
-- parameters: max_restore_minutes
-- remedy: Find out what slows the restore down, as a large disk or a target in another zone, or
--   agree on another target.
-- reasons:
--   within_target: pass: Its last restore took {minutes} min; the target is {max_restore_minutes}
--     min.
--   too_slow: fail: Its last restore took {minutes} min; the target is {max_restore_minutes} min.
--   no_test_on_record: unknown: No successful restore of it is on record; see
--     restore-test-current.
--   minutes_not_known: unknown: The start or the end of its last restore is not on record.
--   input_stale: unknown: The record of restores was last read at {last_read_at}.
--   input_missing: not_applicable: The record of restores is not read. See meta.inputs for the
--     permission to ask for.
--   no_target: not_applicable: The tier sets no target.
--   judged_at_source: not_applicable: Only copies are stored in this scope; the resource is judged
--     in its source scope.
--   judged_with_server: not_applicable: The disk is restored with its server.
--   lost: not_applicable: It has no backups left: see resource-protection-lost.
select
    scope,
    requirements.snapshot_id,
    resource_id as subject_id,
    case
        when inputs.state = 'missing' then 'input_missing'
        when requirements.max_restore_minutes is null then 'no_target'
        when requirements.only_replicas then 'judged_at_source'
        when requirements.subject_type = 'volume_via_server' then 'judged_with_server'
        when requirements.lost_at is not null then 'lost'
        when inputs.state = 'stale' then 'input_stale'
        when restores.tested_at is null then 'no_test_on_record'
        when restores.minutes is null then 'minutes_not_known'
        when restores.minutes > requirements.max_restore_minutes then 'too_slow'
        else 'within_target'
    end as reason_code,
    restores.minutes as measured_value,
    'min' as measured_unit,
    requirements.max_restore_minutes as threshold_value,
    case when restores.backup_id is not null then array[restores.backup_id] end
        as evidence_backup_ids,
    restores.tested_at as failing_since,
    cast(floor(restores.minutes * 10.0 + 0.5) as double) / 10.0 as minutes,
    requirements.max_restore_minutes,
    date_trunc('second', inputs.last_read_at) as last_read_at,
    -- VARCHAR: ID of the task of the newest successful restore. Null if a file has it.
    restores.operation_id
from intermediate.int_requirements as requirements
inner join intermediate.int_input_states as inputs using (scope)
left join intermediate.int_newest_restores as restores using (scope, resource_id)
where inputs.input = 'restores'
