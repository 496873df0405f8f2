-- One row per resource: was a restore of it lately tried, with success?
-- id: restore-test-current
-- title: A restore of the resource was lately tested
-- severity: high
-- version: 1
-- subject: resource
-- worse: higher
-- parameters: restore_test_days
-- remedy: Restore the newest backup to a new resource, and check what is in it. The task is the
--   record of the test; restore_tests.csv is, for tests that are made elsewhere.
-- reasons:
--   tested: pass: It was last restored at {tested_at}; the limit is {restore_test_days} days.
--   test_too_old: fail: It was last restored at {tested_at}; the limit is {restore_test_days} days.
--   no_test_on_record: fail: No successful restore of it is on record; the limit is
--     {restore_test_days} days.
--   log_incomplete: unknown: The record of restores has no recent restore of it, and is not proven
--     complete.
--   input_stale: unknown: The record of restores was last read at {last_read_at}.
--   input_missing: not_applicable: The record of restores is not read. See meta.inputs for the
--     permission to ask for.
--   not_required: not_applicable: The tier does not require it.
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
        when requirements.restore_test_days is null then 'not_required'
        when requirements.only_replicas then 'judged_at_source'
        when requirements.subject_type = 'volume_via_server' then 'judged_with_server'
        when requirements.lost_at is not null then 'lost'
        when inputs.state = 'stale' then 'input_stale'
        when restores.tested_at
            >= requirements.as_of - requirements.restore_test_days * interval '1' day
            then 'tested'
        when inputs.state = 'incomplete' then 'log_incomplete'
        when restores.tested_at is not null then 'test_too_old'
        else 'no_test_on_record'
    end as reason_code,
    cast(
        date_diff(
            'second',
            date_trunc('second', restores.tested_at),
            date_trunc('second', requirements.as_of)
        ) as double
    ) / 86400.0 as measured_value,
    'd' as measured_unit,
    requirements.restore_test_days as threshold_value,
    case when restores.backup_id is not null then array[restores.backup_id] end
        as evidence_backup_ids,
    restores.tested_at + requirements.restore_test_days * interval '1' day as failing_since,
    date_trunc('second', restores.tested_at) as tested_at,
    requirements.restore_test_days,
    date_trunc('second', inputs.last_read_at) as last_read_at,
    -- VARCHAR: ID of the task of the newest successful restore. Null if a file has it.
    restores.operation_id
from intermediate.int_requirements as requirements
inner join intermediate.int_input_states as inputs using (scope)
left join intermediate.int_newest_restores as restores using (scope, resource_id)
where inputs.input = 'restores'
