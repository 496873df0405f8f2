-- One row a recovery point that is there, or lately was: did anything of it change that can't?
-- id: recovery-point-tampered
-- title: Nothing of a recovery point changes once it is made
-- severity: high
-- version: 3
-- subject: known_point
-- parameters: deletion_window_days
-- remedy: The API lets nobody change these; ask the service how they came to change, with both versions from history.backups.
with points as (
    select scope, snapshot_id, backup_id, first_seen < as_of as is_seen_again
    from intermediate.int_recovery_points
    union all
    select scope, snapshot_id, backup_id, first_seen < last_seen as is_seen_again
    from intermediate.int_lost_points
),

changes as (
    select * from intermediate.int_changes
),

counted as (
    select
        scope,
        snapshot_id,
        backup_id,
        min(changed_at) as first_change_at,
        bool_or(field = 'children') as lost_a_part,
        nullif(array_to_string(list_sort(array_agg(distinct field || ' ' || coalesce(old_value, 'null') || ' -> ' || coalesce(new_value, 'null'))), '; '), '') as changes
    from changes
    group by scope, snapshot_id, backup_id
),

judged as (
    select
        p.scope,
        p.snapshot_id,
        p.backup_id,
        c.first_change_at,
        c.changes,
        case
            when c.lost_a_part then 'child_removed'
            when c.backup_id is not null then 'changed'
            when p.is_seen_again then 'as_it_was'
            else 'seen_once'
        end as reason_code
    from points as p
    left join counted as c
        on p.scope = c.scope and p.snapshot_id = c.snapshot_id and p.backup_id = c.backup_id
)

select
    scope,
    snapshot_id,
    backup_id as subject_id,
    case when reason_code = 'as_it_was' then 'pass' when reason_code in ('changed', 'child_removed') then 'fail' else 'not_applicable' end as status,
    reason_code,
    case reason_code
        when 'as_it_was' then 'Nothing of it changed that can not.'
        when 'child_removed' then 'Parts are there no more: ' || changes || '.'
        when 'changed' then 'Changed: ' || changes || '.'
        else 'Only one snapshot has it, so no change can be seen.'
    end as reason,
    cast(null as double) as measured_value,
    cast(null as varchar) as measured_unit,
    cast(null as double) as threshold_value,
    cast(null as varchar[]) as evidence_backup_ids,
    first_change_at as failing_since
from judged
