-- One row a resource: how many copies, in how many places, how many of them immutable and tested?
-- id: three-two-one
-- title: Resource has copies, a copy elsewhere, and one that nobody can delete
-- severity: medium
-- version: 1
-- subject: resource
-- worse: lower
-- parameters: three_two_one, immutability, restore_test_days
-- remedy: Each digit names its control: recovery-point-depth, resource-offsite-copy. Locks and tests of restoring are not in the data.
with demands as (
    select * from intermediate.int_requirements
),

standing as (
    select * from intermediate.int_resource_summary
),

copies as (
    select
        scope,
        snapshot_id,
        resource_id,
        count(*) filter (where state = 'verified') as verified,
        count(*) filter (where state = 'claimed') as claimed
    from intermediate.int_copies
    where is_offsite
    group by scope, snapshot_id, resource_id
),

counted as (
    -- What counts: two points or copies, one of them seen in another region, one that nobody can delete, and a test.
    -- Of the last two the data says nothing.
    select
        d.scope,
        d.snapshot_id,
        d.resource_id,
        d.only_replicas,
        d.lost_at,
        d.three_two_one = 'required' as counts_copies,
        d.three_two_one = 'required' or d.immutability = 'required' as counts_immutable,
        d.three_two_one = 'required' or d.restore_test_days is not null as counts_tests,
        p.newest_backup_id,
        coalesce(p.unreadable, 0) as unreadable,
        coalesce(p.depth, 0) + coalesce(c.verified, 0) as points,
        coalesce(c.verified, 0) as verified,
        coalesce(c.claimed, 0) as claimed
    from demands as d
    left join standing as p
        on d.scope = p.scope and d.snapshot_id = p.snapshot_id and d.resource_id = p.resource_id
    left join copies as c
        on d.scope = c.scope and d.snapshot_id = c.snapshot_id and d.resource_id = c.resource_id
),

digits as (
    select
        *,
        case when points >= 2 then '3✓' when points + unreadable + claimed >= 2 then '3?' else '3✗' end
        || case when points >= 2 then ' 2✓' when points + unreadable + claimed >= 2 then ' 2?' else ' 2✗' end
        || case when verified > 0 then ' 1✓' when claimed > 0 then ' 1?' else ' 1✗' end as of_copies
    from counted
),

judged as (
    select
        *,
        case
            when only_replicas then 'judged_at_source'
            when not counts_copies and not counts_immutable and not counts_tests then 'not_required'
            when lost_at is not null then 'lost'
            when counts_copies and of_copies like '%✗%' then 'copies_missing'
            else 'not_all_known'
        end as reason_code
    from digits
)

select
    scope,
    snapshot_id,
    resource_id as subject_id,
    case
        when reason_code in ('judged_at_source', 'not_required', 'lost') then 'not_applicable'
        when reason_code = 'copies_missing' then 'fail'
        else 'unknown'
    end as status,
    reason_code,
    case reason_code
        when 'judged_at_source' then 'Only copies are kept here; the resource is judged in the scope where it lives.'
        when 'lost' then 'It has no backup any more: see resource-protection-lost.'
        when 'not_required' then 'The tier does not ask for it.'
        else case when counts_copies then of_copies else '' end
            || case when counts_immutable then ' 1?' else '' end
            || case when counts_tests then ' 0?' else '' end
            || ': locks and tests of restoring are not in the data.'
    end as reason,
    points as measured_value,
    'copies' as measured_unit,
    2 as threshold_value,
    case when newest_backup_id is null then cast(array[] as varchar[]) else array[newest_backup_id] end as evidence_backup_ids,
    cast(null as timestamp) as failing_since
from judged
