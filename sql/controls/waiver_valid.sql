-- One row a waiver: is it still needed, and does it still hold? And one row an exclusion: was it looked at again in time?
-- id: waiver-valid
-- title: Waivers hold and are needed, exclusions are reviewed
-- severity: medium
-- version: 1
-- subject: waiver
-- gate: yes
-- parameters: waiver_unused_days
-- remedy: Renew the waiver with its approver, or take it out of the file; review the exclusion, and set its next review_by.
with waivers as (
    select * from policy.waivers
),

snapshots as (
    select * from staging.stg_snapshots
),

exceptions as (
    select * from intermediate.int_waived
),

settings as (
    select * from policy.settings
),

exclusions as (
    -- A rule has a row for each value that it selects by.
    select distinct scope, snapshot_id, policy_rule_id, owner, review_by, review_due_at
    from policy.matches
    where kind = 'exclude'
),

used as (
    select
        scope,
        snapshot_id,
        waiver_id,
        count(*) filter (where waiver_state = 'waived') as waived,
        count(*) filter (where waiver_state = 'waiver_exceeded') as exceeded
    from exceptions
    group by scope, snapshot_id, waiver_id
),

judged as (
    select
        w.scope,
        w.snapshot_id,
        w.waiver_id as subject_id,
        case
            when n.as_of < w.created_at then 'not_begun'
            when n.as_of > w.expires_at then 'expired'
            when u.exceeded > 0 then 'exceeded'
            when u.waived > 0 then 'in_use'
            when n.as_of >= w.created_at + t.waiver_unused_days * interval '1' day then 'unused'
            else 'not_needed_now'
        end as reason_code,
        w.created_on as begins_on,
        w.expires_on as ends_on,
        w.expires_at as ends_at,
        w.owner,
        coalesce(u.waived, 0) as waived
    from waivers as w
    inner join snapshots as n on w.scope = n.scope and w.snapshot_id = n.snapshot_id
    inner join settings as t on w.scope = t.scope and w.snapshot_id = t.snapshot_id
    left join used as u on w.scope = u.scope and w.snapshot_id = u.snapshot_id and w.waiver_id = u.waiver_id
    union all
    select
        e.scope,
        e.snapshot_id,
        e.policy_rule_id as subject_id,
        case when n.as_of > e.review_due_at then 'review_overdue' else 'reviewed' end as reason_code,
        cast(null as varchar) as begins_on,
        e.review_by as ends_on,
        e.review_due_at as ends_at,
        e.owner,
        cast(null as bigint) as waived
    from exclusions as e
    inner join snapshots as n on e.scope = n.scope and e.snapshot_id = n.snapshot_id
)

select
    scope,
    snapshot_id,
    subject_id,
    case
        when reason_code in ('not_begun', 'not_needed_now') then 'not_applicable'
        when reason_code in ('in_use', 'reviewed') then 'pass'
        else 'fail'
    end as status,
    reason_code,
    case reason_code
        when 'not_begun' then 'It holds from ' || begins_on || ' on.'
        when 'expired' then 'It ended with ' || ends_on || '.'
        when 'exceeded' then 'Something that it is about is worse than it allows.'
        when 'not_needed_now' then 'Nothing fails that it is about, now.'
        when 'unused' then 'Nothing fails that it is about.'
        when 'review_overdue' then 'What it takes out of scope had to be reviewed by ' || ends_on || ', by ' || owner || '.'
        when 'reviewed' then 'What it takes out of scope has to be reviewed by ' || ends_on || ', by ' || owner || '.'
        else cast(waived as varchar) || ' failures are waived by it.'
    end as reason,
    waived as measured_value,
    'failures' as measured_unit,
    cast(null as double) as threshold_value,
    cast(array[] as varchar[]) as evidence_backup_ids,
    case when reason_code in ('expired', 'review_overdue') then ends_at end as failing_since
from judged
