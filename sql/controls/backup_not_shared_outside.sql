-- One row per recovery point: is it shared with a project that the policy does not allow?
-- id: backup-not-shared-outside
-- title: No backup is shared with a project that the policy does not allow
-- severity: high
-- version: 1
-- subject: recovery_point
-- worse: higher
-- parameters: sharing, allowed_projects
-- remedy: Delete the members of the backup, or name the project in allowed_projects. A member that
--   registered an image of the backup keeps it.
-- reasons:
--   shared_inside: pass: It was only shared with projects that the policy allows.
--   sharing_ended: pass: It was shared with {outside_names}, which ended since.
--   shared_outside: fail: It was shared with {outside_names} at {shared_at}, by {shared_by}.
--   end_not_certain: unknown: It was shared with {outside_names}. Shares ended since, but it may
--     have had others before the audit trail was read.
--   project_not_named: unknown: It was shared with a project that the audit trail does not name.
--   trail_incomplete: unknown: It was shared with projects that the policy allows; the audit trail
--     was not read without a gap since it was made, and may have had others.
--   no_event: unknown: The audit trail has no share of it, which does not prove that there is none.
--   input_missing: not_applicable: The audit trail is not read. See meta.inputs for the permission
--     to ask for.
--   not_required: not_applicable: The tier allows sharing with any project.
with first_readings as (
    select scope, min(read_from) as read_from
    from history.input_readings
    where input = 'audit_events' and status = 'granted' and complete
    group by scope
),

unread_scopes as (
    -- A project that could not be loaded may be of any share.
    select distinct scope
    from meta.rejects
    where table_name in ('audit_events', 'shared_projects') and not is_repeat
),

last_gaps as (
    select scope, max(gap_to) as gap_to
    from meta.input_gaps
    where input = 'audit_events'
    group by scope
)

select
    scope,
    points.snapshot_id,
    backup_id as subject_id,
    case
        when requirements.sharing <> 'restricted' then 'not_required'
        when shares.outside_projects > 0 and not shares.is_ended then 'shared_outside'
        when inputs.state = 'missing' then 'input_missing'
        when shares.backup_id is null then 'no_event'
        when shares.unnamed_shares > 0 then 'project_not_named'
        when inputs.state <> 'ready'
            or unread_scopes.scope is not null
            or first_readings.read_from is null
            or first_readings.read_from > points.created_at
            or last_gaps.gap_to > points.created_at
            or points.created_at is null
            then case when shares.is_ended then 'end_not_certain' else 'trail_incomplete' end
        when shares.outside_projects > 0 then 'sharing_ended'
        else 'shared_inside'
    end as reason_code,
    coalesce(shares.outside_projects, 0) as measured_value,
    'projects' as measured_unit,
    0 as threshold_value,
    array[backup_id] as evidence_backup_ids,
    shares.shared_at as failing_since,
    shares.outside_names,
    date_trunc('second', shares.shared_at) as shared_at,
    coalesce(shares.shared_by, 'an unnamed user') as shared_by
from intermediate.int_recovery_points as points
inner join intermediate.int_requirements as requirements using (scope, resource_id)
inner join staging.stg_inputs as inputs using (scope)
left join intermediate.int_shares as shares using (scope, backup_id)
left join first_readings using (scope)
left join last_gaps using (scope)
left join unread_scopes using (scope)
where inputs.input = 'audit_events'
