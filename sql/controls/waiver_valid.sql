-- One row a waiver: is it still needed, and does it still hold?
-- id: waiver-valid
-- title: Waivers hold and are needed
-- severity: medium
-- version: 1
-- subject: waiver
-- gate: yes
-- parameters: waiver_unused_days
-- remedy: Renew the waiver with its approver, or take it out of the file.
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
        w.waiver_id,
        w.expires_at,
        w.created_at,
        coalesce(u.waived, 0) as waived,
        case
            when n.as_of < w.created_at then 'not_begun'
            when n.as_of >= w.expires_at then 'expired'
            when u.exceeded > 0 then 'exceeded'
            when u.waived > 0 then 'in_use'
            when n.as_of >= w.created_at + t.waiver_unused_days * interval '1' day then 'unused'
            else 'not_needed_now'
        end as reason_code
    from waivers as w
    inner join snapshots as n on w.scope = n.scope and w.snapshot_id = n.snapshot_id
    inner join settings as t on w.scope = t.scope and w.snapshot_id = t.snapshot_id
    left join used as u on w.scope = u.scope and w.snapshot_id = u.snapshot_id and w.waiver_id = u.waiver_id
)

select
    scope,
    snapshot_id,
    waiver_id as subject_id,
    case
        when reason_code in ('not_begun', 'not_needed_now') then 'not_applicable'
        when reason_code = 'in_use' then 'pass'
        else 'fail'
    end as status,
    reason_code,
    case reason_code
        when 'not_begun' then 'It holds from ' || cast(cast(created_at as date) as varchar) || ' on.'
        when 'expired' then 'It ended on ' || cast(cast(expires_at as date) as varchar) || '.'
        when 'exceeded' then 'Something that it is about is worse than it allows.'
        when 'not_needed_now' then 'Nothing fails that it is about, now.'
        when 'unused' then 'Nothing fails that it is about.'
        else cast(waived as varchar) || ' failures are waived by it.'
    end as reason,
    waived as measured_value,
    'failures' as measured_unit,
    cast(null as double) as threshold_value,
    cast(array[] as varchar[]) as evidence_backup_ids,
    case when reason_code = 'expired' then expires_at end as failing_since
from judged
