-- One row a resource: is there a recent copy of it in another region?
-- id: resource-offsite-copy
-- title: Resource has a recent copy in another region
-- severity: high
-- version: 1
-- subject: resource
-- worse: higher
-- parameters: offsite, offsite_rpo_hours, require_verified_copy, allowed_regions
-- remedy: Attach a replication policy to the vault, or replicate the newest backup by hand; see replication-healthy for why copies fail.
with demands as (
    select * from intermediate.int_demands
),

copies as (
    select * from intermediate.int_copies
),

points as (
    select * from intermediate.int_recovery_points where not is_replica and is_dependable
),

servers as (
    -- Only a server's backup with its system disk can be replicated.
    select
        scope,
        snapshot_id,
        resource_id,
        count(*) as points,
        bool_or(contain_system_disk) as has_system_disk,
        bool_or(contain_system_disk is null) as system_disk_unsaid
    from points
    group by scope, snapshot_id, resource_id
),

placed as (
    select
        c.scope,
        c.snapshot_id,
        c.resource_id,
        c.source_backup_id,
        c.rp_time,
        c.state,
        d.allowed_regions is null or list_contains(d.allowed_regions, c.destination_region) as is_allowed,
        c.rp_time >= d.as_of - d.offsite_rpo_hours * interval '1' hour
        and c.rp_time <= d.as_of + d.clock_skew_seconds * interval '1' second as is_recent
    from copies as c
    inner join demands as d
        on c.scope = d.scope and c.snapshot_id = d.snapshot_id and c.resource_id = d.resource_id
    where c.is_offsite
),

counted as (
    select
        scope,
        snapshot_id,
        resource_id,
        count(*) filter (where state = 'verified' and is_allowed and is_recent) as verified,
        count(*) filter (where state = 'claimed' and is_allowed and is_recent) as claimed,
        count(*) filter (where state = 'lost' and is_recent) as lost,
        count(*) filter (where state in ('verified', 'claimed') and not is_allowed and is_recent) as elsewhere,
        count(*) filter (where state in ('verified', 'claimed')) as copies,
        max(rp_time) filter (where state in ('verified', 'claimed') and is_allowed) as newest_copy_at,
        max(case when state in ('verified', 'claimed') and is_allowed then source_backup_id end) as evidence_id
    from placed
    group by scope, snapshot_id, resource_id
),

judged as (
    select
        d.scope,
        d.snapshot_id,
        d.as_of,
        d.resource_id,
        d.offsite_rpo_hours,
        c.newest_copy_at,
        c.evidence_id,
        coalesce(c.lost, 0) as lost,
        case
            when d.only_replicas then 'judged_at_source'
            when d.offsite <> 'required' then 'not_required'
            when d.subject_type in ('volume', 'volume_via_server', 'turbo', 'other') then 'not_replicable_by_service'
            when d.subject_type = 'unknown' then 'type_not_known'
            when c.verified > 0 then 'verified'
            when c.claimed > 0 and not d.require_verified_copy then 'claimed'
            when c.claimed > 0 then 'copy_not_seen'
            when c.lost > 0 then 'replica_lost'
            when c.elsewhere > 0 then 'region_not_allowed'
            when c.copies > 0 then 'overdue'
            when s.points > 0 and not s.has_system_disk and not s.system_disk_unsaid then 'not_replicable_by_service'
            else 'none'
        end as reason_code
    from demands as d
    left join counted as c
        on d.scope = c.scope and d.snapshot_id = c.snapshot_id and d.resource_id = c.resource_id
    left join servers as s
        on d.scope = s.scope and d.snapshot_id = s.snapshot_id and d.resource_id = s.resource_id
)

select
    scope,
    snapshot_id,
    resource_id as subject_id,
    case
        when reason_code in ('judged_at_source', 'not_required', 'not_replicable_by_service') then 'not_applicable'
        when reason_code in ('verified', 'claimed') then 'pass'
        when reason_code in ('replica_lost', 'region_not_allowed', 'overdue', 'none') then 'fail'
        else 'unknown'
    end as status,
    reason_code,
    case reason_code
        when 'judged_at_source' then 'Only copies are kept here; the resource is judged in the scope where it lives.'
        when 'not_required' then 'The tier does not ask for a copy elsewhere.'
        when 'not_replicable_by_service' then 'The service replicates server backups with a system disk only: it can not copy this one.'
        when 'type_not_known' then 'Its type is not a documented one, so nobody knows whether it can be replicated.'
        when 'verified' then 'A copy was seen where it is, as of ' || cast(date_trunc('second', newest_copy_at) as varchar) || '.'
        when 'claimed' then 'A record tells of a copy as of ' || cast(date_trunc('second', newest_copy_at) as varchar) || '; the place it is in is not read.'
        when 'copy_not_seen' then 'A record tells of a copy; the place it is in is not read, so nobody saw it.'
        when 'replica_lost' then cast(lost as varchar) || ' copies that records tell of are not there any more, or can not be relied on.'
        when 'region_not_allowed' then 'Its recent copies are in regions that the policy does not allow.'
        when 'overdue' then 'Its newest copy is as of ' || coalesce(cast(date_trunc('second', newest_copy_at) as varchar), 'no known time') || '; the limit is ' || cast(offsite_rpo_hours as varchar) || ' h.'
        else 'No record tells of a copy in another region.'
    end as reason,
    cast(date_diff('second', date_trunc('second', newest_copy_at), date_trunc('second', as_of)) as double) / 3600.0 as measured_value,
    'h' as measured_unit,
    offsite_rpo_hours as threshold_value,
    case when evidence_id is null then cast(array[] as varchar[]) else array[evidence_id] end as evidence_backup_ids,
    case
        when reason_code = 'overdue' then newest_copy_at + offsite_rpo_hours * interval '1' hour
    end as failing_since
from judged
