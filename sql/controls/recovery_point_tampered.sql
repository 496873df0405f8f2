-- One row per recovery point that is there, or lately was: did anything of it change that can't?
-- id: recovery-point-tampered
-- title: Nothing of a recovery point changes once it is made
-- severity: high
-- version: 3
-- subject: known_point
-- parameters: deletion_window_days
-- remedy: The API lets nobody change these; ask the service how they came to change, with both
--   versions from history.backups.
-- reasons:
--   as_it_was: pass: Nothing of it changed that can not.
--   changed: fail: Changed: {changes}.
--   child_removed: fail: Parts are there no more: {changes}.
--   seen_once: not_applicable: Only one snapshot has it, so no change can be seen.
with known_points as (
    select scope, snapshot_id, backup_id, first_seen < as_of as is_seen_again
    from intermediate.int_recovery_points
    union all
    select scope, snapshot_id, backup_id, first_seen < last_seen as is_seen_again
    from intermediate.int_lost_points
),

worded_changes as (
    select
        *,
        field
        || ' '
        || coalesce(old_value, 'null')
        || ' -> '
        || coalesce(new_value, 'null') as change
    from intermediate.int_changes
),

changes as (
    select
        scope,
        backup_id,
        min(changed_at) as first_change_at,
        bool_or(field = 'children') as lost_a_part,
        nullif(array_to_string(list_sort(array_agg(distinct change)), '; '), '') as changes
    from worded_changes
    group by scope, backup_id
)

select
    scope,
    known_points.snapshot_id,
    backup_id as subject_id,
    case
        when changes.lost_a_part then 'child_removed'
        when changes.backup_id is not null then 'changed'
        when known_points.is_seen_again then 'as_it_was'
        else 'seen_once'
    end as reason_code,
    changes.first_change_at as failing_since,
    changes.changes
from known_points
left join changes using (scope, backup_id)
