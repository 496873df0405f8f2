-- One row a scope and waiver: does it hold, until when, and what does it cover?
with waivers as (
    select * from policy.waivers
),

snapshots as (
    select * from staging.stg_snapshots
),

settings as (
    select * from policy.settings
),

waived as (
    select * from intermediate.int_waived
),

used as (
    select
        scope,
        snapshot_id,
        waiver_id,
        count(*) filter (where waiver_state = 'waived') as subjects,
        count(*) filter (where waiver_state = 'waiver_exceeded') as exceeded,
        max(measured_value) as highest_measured,
        min(measured_value) as lowest_measured
    from waived
    group by scope, snapshot_id, waiver_id
)

select
    w.scope,
    w.snapshot_id,
    n.as_of,
    w.waiver_id,
    w.control_id, -- VARCHAR: The control that it is about.
    w.covers_every_scope,
    w.selector,
    w.value,
    w.reason,
    w.compensating_control,
    w.ticket,
    w.owner,
    w.approver,
    w.second_approver,
    w.created_on,
    w.created_at, -- TIMESTAMP: From when it holds.
    w.expires_on,
    w.expires_at,
    case
        when n.as_of < w.created_at then 'not_begun'
        when n.as_of > w.expires_at then 'expired'
        when u.exceeded > 0 then 'exceeded'
        when coalesce(u.subjects, 0) = 0 then 'unused'
        else 'in_use'
    end as state, -- VARCHAR: in_use, unused, exceeded (something is worse than it allows), expired or not_begun.
    cast(floor(
        cast(date_diff('second', date_trunc('second', n.as_of), date_trunc('second', w.expires_at)) as double) / 86400
    ) as bigint) as days_left, -- BIGINT: Whole days until it ends; below 0 since it did.
    coalesce(u.subjects, 0) as subjects, -- BIGINT: Failures that it covers.
    coalesce(u.exceeded, 0) as exceeded, -- BIGINT: Failures that it is about and does not cover.
    w.max_measured_value,
    u.highest_measured, -- DOUBLE: The highest value measured of them.
    u.lowest_measured, -- DOUBLE: The lowest.
    s.waivers_sha256
from waivers as w
inner join snapshots as n on w.scope = n.scope and w.snapshot_id = n.snapshot_id
inner join settings as s on w.scope = s.scope and w.snapshot_id = s.snapshot_id
left join used as u on w.scope = u.scope and w.snapshot_id = u.snapshot_id and w.waiver_id = u.waiver_id
