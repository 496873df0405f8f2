-- One row per resource: how many dependable points does it have, and on how many days were they
-- made?
-- id: recovery-point-depth
-- title: Resource has enough recovery points from enough days
-- severity: medium
-- version: 2
-- subject: resource
-- worse: lower
-- parameters: min_points, min_distinct_days
-- remedy: Lengthen the retention. For a new resource, wait until enough backups have been made.
-- reasons:
--   deep_enough: pass: It has {depth} dependable points from {distinct_days} days; {min_points}
--     points from {min_distinct_days} days are required.
--   too_few: fail: It has {depth} dependable points from {distinct_days} days; {min_points} points
--     from {min_distinct_days} days are required.
--   too_close: fail: It has {depth} dependable points from {distinct_days} days; {min_points}
--     points from {min_distinct_days} days are required.
--   expiry_not_readable: unknown: The expiry date of {unreadable} backups cannot be read, so they
--     may have expired.
--   children_not_loaded: unknown: The details of some of its server's backups are unread, and it
--     may be in them.
--   judged_at_source: not_applicable: Only copies are stored in this scope; the resource is judged
--     in its source scope.
--   lost: not_applicable: It has no backups left: see resource-protection-lost.
select
    scope,
    requirements.snapshot_id,
    resource_id as subject_id,
    case
        when requirements.only_replicas then 'judged_at_source'
        when requirements.lost_at is not null then 'lost'
        when summaries.depth >= requirements.min_points
            and summaries.distinct_days >= requirements.min_distinct_days
            then 'deep_enough'
        when summaries.depth + summaries.unreadable >= requirements.min_points
            and summaries.unreadable > 0
            then 'expiry_not_readable'
        when unread_parts.unread_points > 0 then 'children_not_loaded'
        when coalesce(summaries.depth, 0) < requirements.min_points then 'too_few'
        else 'too_close'
    end as reason_code,
    coalesce(summaries.depth, 0) as measured_value,
    'points' as measured_unit,
    requirements.min_points as threshold_value,
    case when summaries.newest_backup_id is not null then array[summaries.newest_backup_id] end
        as evidence_backup_ids,
    summaries.first_attempt_at as failing_since,
    coalesce(summaries.distinct_days, 0) as distinct_days, -- BIGINT: Days (UTC) with points.
    coalesce(summaries.depth, 0) as depth,
    summaries.unreadable,
    requirements.min_points,
    requirements.min_distinct_days
from intermediate.int_requirements as requirements
left join intermediate.int_resource_summary as summaries using (scope, resource_id)
left join intermediate.int_unread_parts as unread_parts using (scope, resource_id)
