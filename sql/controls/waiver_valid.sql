-- One row per waiver: is it active and needed? One row per exclusion: was it reviewed in time?
-- id: waiver-valid
-- title: Waivers are active and needed, exclusions are reviewed
-- severity: medium
-- version: 1
-- subject: waiver
-- gate: yes
-- parameters: waiver_unused_days
-- remedy: Renew the waiver with its approver, or delete it from the file. Review the exclusion, and
--   set its next review_by.
-- reasons:
--   in_use: pass: It covers {waived} failures.
--   reviewed: pass: The exclusion is due for review by {ends_on}. Owner: {owner}.
--   expired: fail: It ended on {ends_on}.
--   exceeded: fail: A failure that it names is worse than it allows.
--   unused: fail: Nothing that it names fails.
--   review_overdue: fail: The exclusion was due for review by {ends_on}. Owner: {owner}.
--   not_begun: not_applicable: It starts on {begins_on}.
--   not_needed_now: not_applicable: Nothing that it names fails at present.
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
    -- A rule has one row per value that it matches.
    select distinct scope, policy_rule_id, owner, review_by, review_due_at
    from policy.matches
    where kind in ('exclude', 'exclude_volume')
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
