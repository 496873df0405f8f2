-- One row per scope and waiver: its state, its end, and the failures that it covers.
with covered_failures as (
    select
        scope,
        waiver_id,
        count(*) filter (where waiver_state = 'waived') as subjects,
        count(*) filter (where waiver_state = 'waiver_exceeded') as exceeded,
        max(measured_value) as highest_measured,
        min(measured_value) as lowest_measured
    from intermediate.int_waived
    group by scope, waiver_id
)

select
    scope,
    waivers.snapshot_id,
    snapshots.as_of,
    waiver_id,
    waivers.control_id, -- VARCHAR: ID of the control that it is for.
    waivers.covers_every_scope,
    waivers.selector,
    waivers.value,
    waivers.reason,
    waivers.compensating_control,
    waivers.ticket,
    waivers.owner,
    waivers.approver,
    waivers.second_approver,
    waivers.created_on,
    waivers.created_at, -- TIMESTAMP: When it becomes active.
    waivers.expires_on,
    waivers.expires_at,
    -- VARCHAR: in_use, unused, exceeded (a failure is worse than it allows), expired or not_begun.
    case
        when snapshots.as_of < waivers.created_at then 'not_begun'
        when snapshots.as_of > waivers.expires_at then 'expired'
        when covered_failures.exceeded > 0 then 'exceeded'
        when coalesce(covered_failures.subjects, 0) = 0 then 'unused'
        else 'in_use'
    end as state,
    -- BIGINT: Whole days until it ends. Negative after its end.
    cast(
        floor(
            cast(
                date_diff(
                    'second',
                    date_trunc('second', snapshots.as_of),
                    date_trunc('second', waivers.expires_at)
                ) as double
            ) / 86400
        ) as bigint
    ) as days_left,
    -- BIGINT: Number of failures that it covers.
    coalesce(covered_failures.subjects, 0) as subjects,
    -- BIGINT: Number of failures that are worse than it allows.
    coalesce(covered_failures.exceeded, 0) as exceeded,
    waivers.max_measured_value,
    covered_failures.highest_measured, -- DOUBLE: Highest measured value of these failures.
    covered_failures.lowest_measured, -- DOUBLE: Lowest measured value of these failures.
    settings.waivers_sha256
from policy.waivers as waivers
inner join staging.stg_snapshots as snapshots using (scope)
inner join policy.settings as settings using (scope)
left join covered_failures using (scope, waiver_id)
