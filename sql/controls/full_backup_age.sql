-- One row per resource: is the full backup below its incremental backups recent enough?
-- id: full-backup-age
-- title: Incremental backups are based on a recent full backup
-- severity: low
-- version: 1
-- subject: resource
-- worse: higher
-- parameters: full_backup_days
-- remedy: Configure the backup policy to make full backups regularly.
-- reasons:
--   young_enough: pass: Its newest full backup was made at {newest_full_at}; the limit is
--     {full_backup_days} d.
--   too_old: fail: Its newest full backup was made at {newest_full_at}; the limit is
--     {full_backup_days} d.
--   increments_only: fail: All its dependable points are incremental.
--   not_said: unknown: The service does not report which of its points are full backups.
--   expiry_not_readable: unknown: The expiry date of its backups cannot be read, so they may have
--     expired.
--   none: not_applicable: It has no dependable points.
--   judged_at_source: not_applicable: Only copies are stored in this scope; the resource is judged
--     in its source scope.
--   lost: not_applicable: It has no backups left: see resource-protection-lost.
--   not_required: not_applicable: The tier does not require full backups.
select
    scope,
    requirements.snapshot_id,
    resource_id as subject_id,
    case
        when requirements.only_replicas then 'judged_at_source'
        when requirements.full_backup_days is null then 'not_required'
        when requirements.lost_at is not null then 'lost'
        when summaries.last_full_at
            >= requirements.as_of - requirements.full_backup_days * interval '1' day
            then 'young_enough'
        when summaries.unreadable > 0 then 'expiry_not_readable'
        when coalesce(summaries.depth, 0) = 0 then 'none'
        when not summaries.tells_full then 'not_said'
        when summaries.last_full_at is null then 'increments_only'
        else 'too_old'
    end as reason_code,
    cast(
        date_diff(
            'second',
            date_trunc('second', summaries.last_full_at),
            date_trunc('second', requirements.as_of)
        ) as double
    ) / 86400.0 as measured_value,
    'd' as measured_unit,
    requirements.full_backup_days as threshold_value,
    case when summaries.newest_backup_id is not null then array[summaries.newest_backup_id] end
        as evidence_backup_ids,
    summaries.last_full_at + requirements.full_backup_days * interval '1' day as failing_since,
    date_trunc('second', summaries.last_full_at) as newest_full_at,
    requirements.full_backup_days
from intermediate.int_requirements as requirements
left join intermediate.int_resource_summary as summaries using (scope, resource_id)
