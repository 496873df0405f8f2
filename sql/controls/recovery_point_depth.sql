-- One row per resource: how many dependable points does it have, over how many days?
-- id: recovery-point-depth
-- title: Resource has enough recovery points over enough days
-- severity: medium
-- version: 2
-- subject: resource
-- worse: lower
-- parameters: min_points, min_distinct_days
-- remedy: Lengthen the retention, or wait until a new resource has been backed up for long enough.
-- reasons:
--   deep_enough: pass: It has {depth} dependable points of {distinct_days} days; {min_points} of
--     {min_distinct_days} days are asked for.
--   too_few: fail: It has {depth} dependable points of {distinct_days} days; {min_points} of
--     {min_distinct_days} days are asked for.
--   too_close: fail: It has {depth} dependable points of {distinct_days} days; {min_points} of
--     {min_distinct_days} days are asked for.
--   expiry_not_readable: unknown: It is not known whether {unreadable} backups have expired: the
--     date can not be read.
--   children_not_loaded: unknown: The details of backups of its server were not read, so it may be
--     in them.
--   judged_at_source: not_applicable: Only copies are kept here; the resource is judged in the
--     scope where it lives.
--   lost: not_applicable: It has no backup any more: see resource-protection-lost.
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
    coalesce(summaries.distinct_days, 0) as distinct_days, -- BIGINT: Days (UTC) that they are of.
    coalesce(summaries.depth, 0) as depth,
    summaries.unreadable,
    requirements.min_points,
    requirements.min_distinct_days
from intermediate.int_requirements as requirements
left join intermediate.int_resource_summary as summaries using (scope, resource_id)
left join intermediate.int_unread_parts as unread_parts using (scope, resource_id)
