-- One row a resource: is there a recent copy of it in another region?
-- id: resource-offsite-copy
-- title: Resource has a recent copy in another region
-- severity: high
-- version: 2
-- subject: resource
-- worse: higher
-- parameters: offsite, offsite_rpo_hours, require_verified_copy, allowed_regions
-- remedy: Attach a replication policy to the vault, or replicate the newest backup by hand; see replication-healthy for why copies fail.
with demands as (
    select * from intermediate.int_requirements
),

copies as (
    select * from intermediate.int_copies
),

points as (
    select * from intermediate.int_recovery_points where not is_replica
),

gone as (
    select l.scope, l.resource_id, e.contain_system_disk
    from history.extend_info_closed as e
    inner join history.backup_lifecycle as l on e.scope = l.scope and e.backup_id = l.backup_id
    inner join demands as d on l.scope = d.scope and l.resource_id = d.resource_id and d.lost_at is not null
    where e.level = 'backup'
),

told as (
    select scope, snapshot_id, resource_id, contain_system_disk from points
    union all
    select g.scope, d.snapshot_id, g.resource_id, g.contain_system_disk
    from gone as g
    inner join demands as d on g.scope = d.scope and g.resource_id = d.resource_id
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
    from told
    group by scope, snapshot_id, resource_id
),

unsaid as (
    -- Recent points of which the service sends no list of records, not even an empty one.
    select
        p.scope,
        p.snapshot_id,
        p.resource_id,
        count(*) as points
    from points as p
    inner join demands as d
        on p.scope = d.scope and p.snapshot_id = d.snapshot_id and p.resource_id = d.resource_id
    where p.is_dependable and not p.replication_loaded and p.rp_time >= d.as_of - d.offsite_rpo_hours * interval '1' hour
    group by p.scope, p.snapshot_id, p.resource_id
),

placed as (
    select
        c.scope,
        c.snapshot_id,
        c.resource_id,
        c.source_backup_id,
        c.rp_time,
        c.state,
        c.is_offsite,
        c.destination_region = c.source_region as is_in_source_region,
        d.allowed_regions is null or list_contains(d.allowed_regions, c.destination_region) as is_allowed,
        c.rp_time >= d.as_of - d.offsite_rpo_hours * interval '1' hour
        and c.rp_time <= d.as_of + d.clock_skew_seconds * interval '1' second as is_recent
    from copies as c
    inner join demands as d
        on c.scope = d.scope and c.snapshot_id = d.snapshot_id and c.resource_id = d.resource_id
),

counted as (
    select
        scope,
        snapshot_id,
        resource_id,
        count(*) filter (where is_offsite and state = 'verified' and is_allowed and is_recent) as verified,
        count(*) filter (where is_offsite and state = 'claimed' and is_allowed and is_recent) as claimed,
        count(*) filter (where is_offsite and state = 'lost' and is_recent) as lost,
        count(*) filter (where is_offsite and state in ('verified', 'claimed') and not is_allowed and is_recent)
            as elsewhere,
        count(*) filter (where is_offsite and state in ('verified', 'claimed')) as copies,
        count(*) filter (where is_in_source_region and state in ('verified', 'claimed')) as at_home,
        max(rp_time) filter (where is_offsite and state in ('verified', 'claimed') and is_allowed) as newest_copy_at
    from placed
    group by scope, snapshot_id, resource_id
),

newest as (
    select
        p.scope,
        p.snapshot_id,
        p.resource_id,
        max(p.source_backup_id) as evidence_id
    from placed as p
    inner join counted as c
        on p.scope = c.scope
        and p.snapshot_id = c.snapshot_id
        and p.resource_id = c.resource_id
        and p.rp_time = c.newest_copy_at
    where p.is_offsite and p.state in ('verified', 'claimed') and p.is_allowed
    group by p.scope, p.snapshot_id, p.resource_id
),

judged as (
    select
        d.scope,
        d.snapshot_id,
        d.as_of,
        d.resource_id,
        d.offsite_rpo_hours,
        c.newest_copy_at,
        e.evidence_id,
        coalesce(c.lost, 0) as lost,
        case
            when d.only_replicas then 'judged_at_source'
            when d.offsite <> 'required' then 'not_required'
            when d.subject_type in ('volume', 'volume_via_server', 'turbo', 'other') then 'not_replicable_by_service'
            when d.subject_type = 'unknown' then 'type_not_known'
            when c.verified > 0 then 'verified'
            when c.claimed > 0 and not d.require_verified_copy then 'claimed'
            when c.claimed > 0 then 'copy_not_seen'
            when u.points > 0 then 'records_not_sent'
            when c.lost > 0 then 'replica_lost'
            when c.elsewhere > 0 then 'region_not_allowed'
            when c.copies > 0 then 'overdue'
            when c.at_home > 0 then 'in_source_region'
            when s.points > 0 and not s.has_system_disk and not s.system_disk_unsaid then 'not_replicable_by_service'
            else 'none'
        end as reason_code
    from demands as d
    left join counted as c
        on d.scope = c.scope and d.snapshot_id = c.snapshot_id and d.resource_id = c.resource_id
    left join newest as e
        on d.scope = e.scope and d.snapshot_id = e.snapshot_id and d.resource_id = e.resource_id
    left join unsaid as u
        on d.scope = u.scope and d.snapshot_id = u.snapshot_id and d.resource_id = u.resource_id
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
        when reason_code in ('replica_lost', 'region_not_allowed', 'overdue', 'in_source_region', 'none') then 'fail'
        else 'unknown'
    end as status,
    reason_code,
    case reason_code
        when 'judged_at_source' then 'Only copies are kept here; the resource is judged in the scope where it lives.'
        when 'not_required' then 'The tier does not ask for a copy elsewhere.'
        when 'not_replicable_by_service' then 'The service replicates server backups with a system disk only: it can not copy this one.'
        when 'type_not_known' then 'Its type is not a documented one, so nobody knows whether it can be replicated.'
        when 'verified' then 'A copy was seen where it is, as of ' || cast(date_trunc('second', newest_copy_at) as varchar) || '.'
        when 'claimed' then 'A record tells of a copy as of ' || cast(date_trunc('second', newest_copy_at) as varchar) || '; it was not seen where it is lately.'
        when 'copy_not_seen' then 'There is said to be a copy; it was not seen where it is lately.'
        when 'records_not_sent' then 'The service does not say whether its recent backups were replicated.'
        when 'in_source_region' then 'Its copies are in the region that they were made from.'
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
