-- One row per waiver: is it still needed, and does it still hold? And one row an exclusion: was it
-- looked at again in time?
-- id: waiver-valid
-- title: Waivers hold and are needed, exclusions are reviewed
-- severity: medium
-- version: 1
-- subject: waiver
-- gate: yes
-- parameters: waiver_unused_days
-- remedy: Renew the waiver with its approver, or take it out of the file; review the exclusion, and
--   set its next review_by.
-- reasons:
--   in_use: pass: {waived} failures are waived by it.
--   reviewed: pass: What it takes out of scope has to be reviewed by {ends_on}, by {owner}.
--   expired: fail: It ended with {ends_on}.
--   exceeded: fail: Something that it is about is worse than it allows.
--   unused: fail: Nothing fails that it is about.
--   review_overdue: fail: What it takes out of scope had to be reviewed by {ends_on}, by {owner}.
--   not_begun: not_applicable: It holds from {begins_on} on.
--   not_needed_now: not_applicable: Nothing fails that it is about, now.
with waiver_uses as (
    select
        scope,
        waiver_id,
        count(*) filter (where waiver_state = 'waived') as waived,
        count(*) filter (where waiver_state = 'waiver_exceeded') as exceeded
    from intermediate.int_waived
    group by scope, waiver_id
),

exclusions as (
    -- A rule has a row for each value that it selects by.
    select distinct scope, policy_rule_id, owner, review_by, review_due_at
    from policy.matches
    where kind = 'exclude'
),

exceptions as (
    select
        scope,
        waivers.snapshot_id,
        waiver_id as subject_id,
        case
            when snapshots.as_of < waivers.created_at then 'not_begun'
            when snapshots.as_of > waivers.expires_at then 'expired'
            when waiver_uses.exceeded > 0 then 'exceeded'
            when waiver_uses.waived > 0 then 'in_use'
            when snapshots.as_of
                >= waivers.created_at + settings.waiver_unused_days * interval '1' day
                then 'unused'
            else 'not_needed_now'
        end as reason_code,
        coalesce(waiver_uses.waived, 0) as waived,
        waivers.created_on as begins_on,
        waivers.expires_on as ends_on,
        case when snapshots.as_of > waivers.expires_at then waivers.expires_at end as failing_since,
        waivers.owner
    from policy.waivers as waivers
    inner join staging.stg_snapshots as snapshots using (scope)
    inner join policy.settings as settings using (scope)
    left join waiver_uses using (scope, waiver_id)
    union all
    select
        scope,
        snapshots.snapshot_id,
        exclusions.policy_rule_id as subject_id,
        case
            when snapshots.as_of > exclusions.review_due_at then 'review_overdue'
            else 'reviewed'
        end as reason_code,
        cast(null as bigint) as waived,
        cast(null as varchar) as begins_on,
        exclusions.review_by as ends_on,
        exclusions.review_due_at as failing_since,
        exclusions.owner
    from exclusions
    inner join staging.stg_snapshots as snapshots using (scope)
)

select
    scope,
    snapshot_id,
    subject_id,
    reason_code,
    waived as measured_value,
    'failures' as measured_unit,
    failing_since,
    begins_on,
    ends_on,
    owner,
    waived
from exceptions
