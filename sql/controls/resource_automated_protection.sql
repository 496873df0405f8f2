-- One row per resource: are its backups made by a policy?
-- id: resource-automated-protection
-- title: A policy makes dependable points of the resource
-- severity: high
-- version: 2
-- subject: resource
-- worse: higher
-- parameters: rpo_hours, manual_auto_factor, manual_auto_hours
-- remedy: Add the resource to a vault with an enabled backup policy.
-- reasons:
--   automatic: pass: Its newest automatic point was made at {newest_auto_at}; the limit is
--     {limit_hours} h.
--   overdue: fail: Its newest automatic point was made at {newest_auto_at}; the limit is
--     {limit_hours} h.
--   manual_only: fail: All its dependable points were made manually.
--   none: fail: It has no dependable points.
--   origin_not_said: unknown: The service does not report whether a policy made its recent points.
--   expiry_not_readable: unknown: The expiry date of {unreadable} backups cannot be read, so they
--     may have expired.
--   children_not_loaded: unknown: The details of some of its server's backups are unread, and it
--     may be in them.
--   judged_at_source: not_applicable: Only copies are stored in this scope; the resource is judged
--     in its source scope.
--   lost: not_applicable: It has no backups left: see resource-protection-lost.
with automation as (
    select
        requirements.*,
        greatest(
            requirements.manual_auto_factor * requirements.rpo_hours, requirements.manual_auto_hours
        ) as limit_hours,
        coalesce(summaries.depth, 0) as depth,
        coalesce(summaries.unreadable, 0) as unreadable,
        summaries.last_auto_at,
        summaries.last_unsaid_at,
        summaries.newest_backup_id,
        coalesce(unread_parts.unread_points, 0) as unread_points
    from intermediate.int_requirements as requirements
    left join intermediate.int_resource_summary as summaries using (scope, resource_id)
    left join intermediate.int_unread_parts as unread_parts using (scope, resource_id)
)

select
    scope,
    snapshot_id,
    resource_id as subject_id,
    case
        when only_replicas then 'judged_at_source'
        when lost_at is not null then 'lost'
        when last_auto_at >= as_of - limit_hours * interval '1' hour then 'automatic'
        when last_unsaid_at >= as_of - limit_hours * interval '1' hour then 'origin_not_said'
        when unreadable > 0 then 'expiry_not_readable'
        when unread_points > 0 then 'children_not_loaded'
        when depth = 0 then 'none'
        when last_auto_at is null and last_unsaid_at is null then 'manual_only'
        else 'overdue'
    end as reason_code,
    cast(
        date_diff(
            'second', date_trunc('second', last_auto_at), date_trunc('second', as_of)
        ) as double
    ) / 3600.0 as measured_value,
    'h' as measured_unit,
    limit_hours as threshold_value,
    case when newest_backup_id is not null then array[newest_backup_id] end as evidence_backup_ids,
    last_auto_at + limit_hours * interval '1' hour as failing_since,
    date_trunc('second', last_auto_at) as newest_auto_at,
    limit_hours,
    unreadable
from automation
