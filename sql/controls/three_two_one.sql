-- One row per resource: how many copies does it have, and how many of them are off-site, immutable
-- and tested?
-- id: three-two-one
-- title: Resource has several copies, one of them off-site and one immutable
-- severity: medium
-- version: 2
-- subject: resource
-- worse: lower
-- parameters: three_two_one, immutability, restore_test_days
-- remedy: See recovery-point-depth for the number of points, resource-offsite-copy for the off-site
--   copy, vault-locked for the immutable one, and restore-test-current for the test.
-- reasons:
--   complete: pass: {digits}: copies, places, off-site, immutable and tested, as far as the tier
--     counts them.
--   copies_missing: fail: {digits}: what is marked with ✗ is missing.
--   lock_or_test_missing: fail: {digits}: what is marked with ✗ is missing.
--   not_all_known: unknown: {digits}: what is marked with ? is not known. Locks are read with the
--     vaults, restore tests with the tasks of the service.
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

input_states as (
    select
        scope,
        vaults.state as vaults_state,
        restores.state as restores_state
    from staging.stg_inputs as vaults
    inner join intermediate.int_input_states as restores using (scope)
    where vaults.input = 'vaults' and restores.input = 'restores'
),

locked_points as (
    -- A lock keeps automatic points that have an expiry.
    select
        points.scope,
        points.resource_id,
        count(*) filter (where vaults.locked) as locked,
        count(*) filter (where vaults.locked is null) as undecided
    from intermediate.int_resource_points as points
    inner join intermediate.int_recovery_points as backups using (scope, backup_id)
    left join cbr.vaults as vaults
        on backups.scope = vaults.scope and backups.vault_id = vaults.id
    where points.is_dependable
        and not points.is_replica
        and coalesce(backups.is_auto, true)
        and backups.retention_kind in ('dated', 'unreadable')
    group by points.scope, points.resource_id
),

copy_counts as (
    -- Required: two points or copies, one of them seen in another region, one immutable, one
    -- tested.
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
        coalesce(offsite_copies.claimed, 0) as claimed,
        case
            when input_states.vaults_state not in ('ready', 'incomplete') then '?'
            when locked_points.locked > 0 then '✓'
            when locked_points.undecided > 0 or summaries.unreadable > 0 then '?'
            else '✗'
        end as immutable_mark,
        case
            when input_states.restores_state in ('missing', 'stale') then '?'
            when restores.tested_at
                >= requirements.as_of - requirements.restore_test_days * interval '1' day
                then '✓'
            when requirements.restore_test_days is null
                or input_states.restores_state = 'incomplete' then '?'
            else '✗'
        end as test_mark
    from intermediate.int_requirements as requirements
    inner join input_states using (scope)
    left join locked_points using (scope, resource_id)
    left join intermediate.int_newest_restores as restores
        on requirements.scope = restores.scope
        and coalesce(requirements.server_id, requirements.resource_id) = restores.resource_id
    left join intermediate.int_resource_summary as summaries using (scope, resource_id)
    left join offsite_copies using (scope, resource_id)
),

copy_digits as (
    select
        *,
        case
            when not counts_copies then ''
            when points >= 2 then '3✓ 2✓'
            when possible_points >= 2 then '3? 2?'
            else '3✗ 2✗'
        end
        || case
            when not counts_copies then ''
            when verified > 0 then ' 1✓'
            when claimed > 0 then ' 1?'
            else ' 1✗'
        end
        || case when counts_immutable then ' 1' || immutable_mark else '' end
        || case when counts_tests then ' 0' || test_mark else '' end as digits
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
        when digits like '%✗%' and (digits like '3✗%' or digits like '3_ 2_ 1✗%')
            then 'copies_missing'
        when digits like '%✗%' then 'lock_or_test_missing'
        when digits like '%?%' then 'not_all_known'
        else 'complete'
    end as reason_code,
    points as measured_value,
    'copies' as measured_unit,
    2 as threshold_value,
    case when newest_backup_id is not null then array[newest_backup_id] end as evidence_backup_ids,
    digits
from copy_digits
