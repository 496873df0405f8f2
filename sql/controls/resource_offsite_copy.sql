-- One row per resource: does it have a recent copy in another region?
-- id: resource-offsite-copy
-- title: Resource has a recent copy in another region
-- severity: high
-- version: 2
-- subject: resource
-- worse: higher
-- parameters: offsite, offsite_rpo_hours, require_verified_copy, allowed_regions
-- remedy: Attach a replication policy to the vault, or replicate the newest backup manually. See
--   replication-healthy for failed replications.
-- reasons:
--   verified: pass: Its newest copy, captured at {newest_copy_at}, was seen in its region.
--   claimed: pass: A replication record reports a copy captured at {newest_copy_at}; the copy
--     itself was not seen lately.
--   overdue: fail: Its newest copy was captured at {newest_copy_at}; the limit is
--     {offsite_rpo_hours} h.
--   replica_lost: fail: {lost} recorded copies no longer exist, or are not dependable.
--   region_not_allowed: fail: Its recent copies are in regions that the policy does not allow.
--   in_source_region: fail: Its copies are in the same region as the source.
--   none: fail: No replication record reports a copy in another region.
--   copy_not_seen: unknown: A replication record reports a copy; the copy itself was not seen
--     lately.
--   records_not_sent: unknown: The service does not report whether its recent backups were
--     replicated.
--   type_not_known: unknown: Its resource type is not documented, so whether it can be replicated
--     is unknown.
--   judged_at_source: not_applicable: Only copies are stored in this scope; the resource is judged
--     in its source scope.
--   not_required: not_applicable: The tier does not require an off-site copy.
--   not_replicable_by_service: not_applicable: The service only replicates server backups with a
--     system disk, so it cannot replicate this resource.
with known_backups as (
    select scope, resource_id, contain_system_disk
    from intermediate.int_recovery_points
    where not is_replica
    union all
    -- The backups of a lost resource are in the history.
    select lives.scope, lives.resource_id, details.contain_system_disk
    from history.extend_info_closed as details
    inner join history.backup_lifecycle as lives using (scope, backup_id)
    inner join intermediate.int_requirements as requirements
        on lives.scope = requirements.scope and lives.resource_id = requirements.resource_id
    where details.level = 'backup' and requirements.lost_at is not null
),

system_disks as (
    -- Only server backups with the system disk can be replicated.
    select
        scope,
        resource_id,
        bool_or(contain_system_disk) as has_system_disk,
        bool_or(contain_system_disk is null) as system_disk_unsaid
    from known_backups
    group by scope, resource_id
),

unreported_points as (
    -- Recent points for which the service sent no list of records, not even an empty one.
    select scope, resource_id, count(*) as points
    from intermediate.int_recovery_points as points
    inner join intermediate.int_requirements as requirements using (scope, resource_id)
    where not points.is_replica
        and points.is_dependable
        and not points.replication_loaded
        and points.rp_time
        >= requirements.as_of - requirements.offsite_rpo_hours * interval '1' hour
    group by scope, resource_id
),

copies as (
    select
        copies.*,
        copies.destination_region = copies.source_region as is_in_source_region,
        copies.is_offsite and copies.state in ('verified', 'claimed') as is_elsewhere,
        requirements.allowed_regions is null
        or list_contains(requirements.allowed_regions, copies.destination_region) as is_allowed,
        copies.rp_time >= requirements.as_of - requirements.offsite_rpo_hours * interval '1' hour
        and copies.rp_time
        <= requirements.as_of + requirements.clock_skew_seconds * interval '1' second as is_recent
    from intermediate.int_copies as copies
    inner join intermediate.int_requirements as requirements using (scope, resource_id)
),

copy_counts as (
    select
        scope,
        resource_id,
        count(*) filter (where is_offsite and state = 'verified' and is_allowed and is_recent)
            as verified,
        count(*) filter (where is_offsite and state = 'claimed' and is_allowed and is_recent)
            as claimed,
        count(*) filter (where is_offsite and state = 'lost' and is_recent) as lost,
        count(*) filter (where is_elsewhere and not is_allowed and is_recent) as elsewhere,
        count(*) filter (where is_elsewhere) as copies,
        count(*) filter (where is_in_source_region and state in ('verified', 'claimed')) as at_home,
        max(rp_time) filter (where is_elsewhere and is_allowed) as newest_copy_at
    from copies
    group by scope, resource_id
),

newest_copies as (
    select scope, resource_id, max(copies.source_backup_id) as backup_id
    from copies
    inner join copy_counts using (scope, resource_id)
    where copies.rp_time = copy_counts.newest_copy_at and copies.is_elsewhere and copies.is_allowed
    group by scope, resource_id
)

select
    scope,
    requirements.snapshot_id,
    resource_id as subject_id,
    case
        when requirements.only_replicas then 'judged_at_source'
        when requirements.offsite <> 'required' then 'not_required'
        when requirements.subject_type in ('volume', 'volume_via_server', 'turbo', 'other')
            then 'not_replicable_by_service'
        when requirements.subject_type = 'unknown' then 'type_not_known'
        when copy_counts.verified > 0 then 'verified'
        when copy_counts.claimed > 0 and not requirements.require_verified_copy then 'claimed'
        when copy_counts.claimed > 0 then 'copy_not_seen'
        when unreported_points.points > 0 then 'records_not_sent'
        when copy_counts.lost > 0 then 'replica_lost'
        when copy_counts.elsewhere > 0 then 'region_not_allowed'
        when copy_counts.copies > 0 then 'overdue'
        when copy_counts.at_home > 0 then 'in_source_region'
        when not system_disks.has_system_disk and not system_disks.system_disk_unsaid
            then 'not_replicable_by_service'
        else 'none'
    end as reason_code,
    cast(
        date_diff(
            'second',
            date_trunc('second', copy_counts.newest_copy_at),
            date_trunc('second', requirements.as_of)
        ) as double
    ) / 3600.0 as measured_value,
    'h' as measured_unit,
    requirements.offsite_rpo_hours as threshold_value,
    case when newest_copies.backup_id is not null then array[newest_copies.backup_id] end
        as evidence_backup_ids,
    case
        when copy_counts.lost = 0 and copy_counts.elsewhere = 0
            then copy_counts.newest_copy_at + requirements.offsite_rpo_hours * interval '1' hour
    end as failing_since,
    date_trunc('second', copy_counts.newest_copy_at) as newest_copy_at,
    copy_counts.lost,
    requirements.offsite_rpo_hours
from intermediate.int_requirements as requirements
left join copy_counts using (scope, resource_id)
left join newest_copies using (scope, resource_id)
left join unreported_points using (scope, resource_id)
left join system_disks using (scope, resource_id)
