-- One row per resource: how many copies does it have, and how many of them are off-site, immutable
-- and tested?
-- id: three-two-one
-- title: Resource has several copies, one of them off-site and one immutable
-- severity: medium
-- version: 1
-- subject: resource
-- worse: lower
-- parameters: three_two_one, immutability, restore_test_days
-- remedy: See recovery-point-depth for the number of points, and resource-offsite-copy for the
--   off-site copy. Locks and restore tests are not in the data.
-- reasons:
--   copies_missing: fail: {digits}: locks and restore tests are not in the data.
--   not_all_known: unknown: {digits}: locks and restore tests are not in the data.
--   judged_at_source: not_applicable: Only copies are stored in this scope; the resource is judged
--     in its source scope.
--   lost: not_applicable: It has no backups left: see resource-protection-lost.
--   not_required: not_applicable: The tier does not require it.
with offsite_copies as (
    select
        scope,
        resource_id,
        count(*) filter (where state = 'verified') as verified,
        count(*) filter (where state = 'claimed') as claimed
    from intermediate.int_copies
    where is_offsite
    group by scope, resource_id
),

copy_counts as (
    -- Required: two points or copies, one of them seen in another region, one immutable, one
    -- tested. The data does not show the last two.
    select
        requirements.*,
        requirements.three_two_one = 'required' as counts_copies,
        requirements.three_two_one = 'required'
        or requirements.immutability = 'required' as counts_immutable,
        requirements.three_two_one = 'required'
        or requirements.restore_test_days is not null as counts_tests,
        summaries.newest_backup_id,
        coalesce(summaries.depth, 0) + coalesce(offsite_copies.verified, 0) as points,
        coalesce(summaries.depth, 0)
        + coalesce(offsite_copies.verified, 0)
        + coalesce(summaries.unreadable, 0)
        + coalesce(offsite_copies.claimed, 0) as possible_points,
        coalesce(offsite_copies.verified, 0) as verified,
        coalesce(offsite_copies.claimed, 0) as claimed
    from intermediate.int_requirements as requirements
    left join intermediate.int_resource_summary as summaries using (scope, resource_id)
    left join offsite_copies using (scope, resource_id)
),

copy_digits as (
    select
        *,
        case
            when points >= 2 then '3✓ 2✓'
            when possible_points >= 2 then '3? 2?'
            else '3✗ 2✗'
        end
        || case when verified > 0 then ' 1✓' when claimed > 0 then ' 1?' else ' 1✗' end as copies
    from copy_counts
)

select
    scope,
    snapshot_id,
    resource_id as subject_id,
    case
        when only_replicas then 'judged_at_source'
        when not counts_copies and not counts_immutable and not counts_tests then 'not_required'
        when lost_at is not null then 'lost'
        when counts_copies and copies like '%✗%' then 'copies_missing'
        else 'not_all_known'
    end as reason_code,
    points as measured_value,
    'copies' as measured_unit,
    2 as threshold_value,
    case when newest_backup_id is not null then array[newest_backup_id] end as evidence_backup_ids,
    case when counts_copies then copies else '' end
    || case when counts_immutable then ' 1?' else '' end
    || case when counts_tests then ' 0?' else '' end as digits
from copy_digits
