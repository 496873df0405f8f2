-- One row per recovery point that exists or disappeared lately: did any of its fixed fields change?
-- id: recovery-point-tampered
-- title: A recovery point does not change after it was made
-- severity: high
-- version: 3
-- subject: known_point
-- parameters: deletion_window_days
-- remedy: The API does not allow these changes. Ask the service for the cause, and send both
--   versions from history.backups.
-- reasons:
--   as_it_was: pass: None of its fixed fields changed.
--   changed: fail: Changed: {changes}.
--   child_removed: fail: Parts of it were removed: {changes}.
--   seen_once: not_applicable: Only one snapshot has it, so changes cannot be detected.
with known_points as (
    select scope, snapshot_id, backup_id, first_seen < as_of as is_seen_again
    from intermediate.int_recovery_points
    union all
    select scope, snapshot_id, backup_id, first_seen < last_seen as is_seen_again
    from intermediate.int_lost_points
),

change_texts as (
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
    from change_texts
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
