-- One row per resource: will all its dependable points expire soon, with no new ones being made?
-- id: recovery-point-expiry-cliff
-- title: No resource is about to lose its last recovery point
-- severity: high
-- version: 2
-- subject: resource
-- worse: lower
-- parameters: cliff_hours, rpo_hours, grace_hours
-- remedy: Start a backup before its last dependable point expires, and find out why the schedule
--   makes none.
-- reasons:
--   kept_on: pass: At least one dependable point does not expire soon.
--   new_ones_come: pass: A policy makes new points of it.
--   cliff: fail: Its last dependable point expires at {expires_at}, and no policy makes new ones.
--   expiry_not_readable: unknown: The expiry date of {unreadable} backups cannot be read.
--   children_not_loaded: unknown: The details of some of its server's backups are unread, and it
--     may be in them.
--   judged_at_source: not_applicable: Only copies are stored in this scope; the resource is judged
--     in its source scope.
--   lost: not_applicable: It has no backups left: see resource-protection-lost.
--   none: not_applicable: It has no dependable points that could expire.
select
    scope,
    requirements.snapshot_id,
    resource_id as subject_id,
    case
        when requirements.only_replicas then 'judged_at_source'
        when requirements.lost_at is not null then 'lost'
        when summaries.has_endless then 'kept_on'
        when summaries.last_auto_at
            >= requirements.as_of
            - (requirements.rpo_hours + requirements.grace_hours) * interval '1' hour
            then 'new_ones_come'
        when summaries.last_dependable_expiry
            > requirements.as_of + requirements.cliff_hours * interval '1' hour
            then 'kept_on'
        when summaries.unreadable > 0 then 'expiry_not_readable'
        when unread_parts.unread_points > 0 then 'children_not_loaded'
        when coalesce(summaries.depth, 0) = 0 then 'none'
        else 'cliff'
    end as reason_code,
    cast(
        date_diff(
            'second',
            date_trunc('second', requirements.as_of),
            date_trunc('second', summaries.last_dependable_expiry)
        ) as double
    ) / 3600.0 as measured_value,
    'h' as measured_unit,
    requirements.cliff_hours as threshold_value,
    case when summaries.newest_backup_id is not null then array[summaries.newest_backup_id] end
        as evidence_backup_ids,
    requirements.as_of as failing_since,
    date_trunc('second', summaries.last_dependable_expiry) as expires_at,
    summaries.unreadable
from intermediate.int_requirements as requirements
left join intermediate.int_resource_summary as summaries using (scope, resource_id)
left join intermediate.int_unread_parts as unread_parts using (scope, resource_id)
