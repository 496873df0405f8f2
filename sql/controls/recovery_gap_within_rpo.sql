-- One row per resource: for what share of the window was it within its RPO?
-- id: recovery-gap-within-rpo
-- title: Resource was within its RPO nearly all the time
-- severity: high
-- version: 2
-- subject: resource
-- worse: lower
-- parameters: rpo_hours, grace_hours, attainment_percent, gap_window_days
-- remedy: See compliance.rpo_gaps for each gap and the points around it. An open gap needs a backup
--   now.
-- reasons:
--   within_rpo: pass: {breaches} gaps beyond RPO and grace in {whole_days} d, the longest
--     {longest_hours} h; within its RPO for {attained_percent} % of the time, {attainment_percent}
--     % are required.
--   open_gap: fail: {breaches} gaps beyond RPO and grace in {whole_days} d, the longest
--     {longest_hours} h; within its RPO for {attained_percent} % of the time, {attainment_percent}
--     % are required{missed_note}.
--   gaps: fail: {breaches} gaps beyond RPO and grace in {whole_days} d, the longest {longest_hours}
--     h; within its RPO for {attained_percent} % of the time, {attainment_percent} % are
--     required{missed_note}.
--   none: fail: No snapshot has a usable point of it.
--   children_not_loaded: unknown: The details of some of its server's backups were not read, and it
--     may have been in them.
--   not_observed: unknown: The time between snapshots is longer than the life of its points, so
--     some points may have been missed.
--   judged_at_source: not_applicable: Only copies are stored in this scope; the resource is judged
--     in its source scope.
--   lost: not_applicable: It has no backups left: see resource-protection-lost.
with first_sightings as (
    select scope, resource_id, min(first_seen) as first_seen
    from history.backup_lifecycle
    where was_usable and not is_replica
    group by scope, resource_id
),

lifetimes as (
    select
        scope,
        resource_id,
        min(date_diff('second', date_trunc('second', created_at), date_trunc('second', expired_at)))
            as life_seconds
    from intermediate.int_resource_points
    where not is_replica and is_usable and expired_at is not null
    group by scope, resource_id
    union all
    -- A point that is kept by count lives until as many newer points have been made.
    select
        scope,
        resource_id,
        cast(
            date_diff(
                'second', date_trunc('second', min(rp_time)), date_trunc('second', max(rp_time))
            ) as double
        ) / nullif(count(*) - 1, 0) * count(*) as life_seconds
    from intermediate.int_resource_points
    where not is_replica and is_usable and is_auto and expired_at is null
    group by scope, resource_id
),

shortest_lifetimes as (
    select scope, resource_id, min(life_seconds) as life_seconds
    from lifetimes
    group by scope, resource_id
),

rotated_resources as (
    -- All points that are kept by count were replaced between two snapshots.
    select distinct scope, resource_id from intermediate.int_lost_points
    where disappearance = 'rotation_faster_than_sampling'
),

gap_totals as (
    select
        scope,
        resource_id,
        count(*) filter (where is_breach) as breaches,
        max(hours) as max_gap_hours,
        max(hours_now) as restorable_now_max_gap_hours,
        sum(exposure_hours) as exposure_hours,
        max(case when is_open then hours end) as open_gap_hours,
        bool_or(is_open and is_breach) as is_open_breach,
        min(gap_start) filter (where is_breach) as first_breach_start,
        min(gap_start) filter (where is_open) as open_since,
        min(case when is_open then start_backup_id end) as newest_id,
        min(counted_from) as counted_from,
        cast(floor(sum(runs.missed_runs) filter (where is_breach)) as bigint) as missed_runs
    from intermediate.int_gaps as gaps
    left join intermediate.int_gap_runs as runs using (scope, resource_id, gap_end)
    group by scope, resource_id
),

measured_gaps as (
    -- If snapshots are further apart than the shortest life of a point, points may be missed.
    select
        requirements.*,
        gap_totals.breaches,
        gap_totals.max_gap_hours,
        gap_totals.restorable_now_max_gap_hours,
        gap_totals.exposure_hours,
        gap_totals.open_gap_hours,
        gap_totals.is_open_breach,
        gap_totals.open_since,
        gap_totals.newest_id,
        gap_totals.first_breach_start,
        case
            when inputs.state <> 'missing' then coalesce(gap_totals.missed_runs, 0)
        end as missed_runs,
        coalesce(
            case
                when sampling_since.scope is null then sampling.widest_seconds
                else sampling_since.widest_seconds
            end > shortest_lifetimes.life_seconds,
            false
        )
        or rotated_resources.resource_id is not null as is_undersampled,
        unread_parts.unread_points > 0
        or unread_parts.never_read_points > 0 as may_be_in_unread,
        cast(
            date_diff(
                'second',
                date_trunc('second', gap_totals.counted_from),
                date_trunc('second', requirements.as_of)
            ) as double
        ) / 3600.0 as window_hours
    from intermediate.int_requirements as requirements
    inner join staging.stg_inputs as inputs using (scope)
    left join gap_totals using (scope, resource_id)
    left join shortest_lifetimes using (scope, resource_id)
    left join rotated_resources using (scope, resource_id)
    left join intermediate.int_unread_parts as unread_parts using (scope, resource_id)
    left join intermediate.int_sampling as sampling using (scope)
    left join first_sightings
        on requirements.scope = first_sightings.scope
        and coalesce(requirements.server_id, requirements.resource_id) = first_sightings.resource_id
    left join intermediate.int_sampling_since as sampling_since
        on requirements.scope = sampling_since.scope
        and first_sightings.first_seen = sampling_since.as_of
    where inputs.input = 'operations'
),

attainments as (
    select
        *,
        greatest(
            100.0 - 100.0 * (cast(exposure_hours as double) / nullif(window_hours, 0.0)), 0.0
        ) as attainment
    from measured_gaps
)

-- Points that no snapshot has can only shorten a gap: a pass is certain, a failure is not.
select
    scope,
    snapshot_id,
    resource_id as subject_id,
    case
        when only_replicas then 'judged_at_source'
        when lost_at is not null then 'lost'
        when open_since is null and may_be_in_unread then 'children_not_loaded'
        when open_since is null then 'none'
        when not is_open_breach and (attainment >= attainment_percent or window_hours = 0.0)
            then 'within_rpo'
        when may_be_in_unread then 'children_not_loaded'
        when is_undersampled then 'not_observed'
        when is_open_breach then 'open_gap'
        else 'gaps'
    end as reason_code,
    attainment as measured_value,
    '%' as measured_unit,
    attainment_percent as threshold_value,
    case when newest_id is not null then array[newest_id] end as evidence_backup_ids,
    case
        when is_open_breach then open_since
        when open_since is not null then first_breach_start
    end + rpo_hours * interval '1' hour as failing_since,
    breaches, -- BIGINT: Number of gaps in the window that are longer than RPO and grace.
    max_gap_hours, -- DOUBLE: Longest gap, including the open gap.
    restorable_now_max_gap_hours, -- DOUBLE: Longest gap between points that are dependable now.
    exposure_hours, -- DOUBLE: Time beyond the RPO.
    -- BIGINT: Number of attempts in these gaps that left no backup, according to the record of
    -- tasks. Null where the record is not read.
    missed_runs,
    case
        when missed_runs > 0
            then '; attempts in these gaps that left no backup: ' || cast(missed_runs as varchar)
        else ''
    end as missed_note,
    open_gap_hours, -- DOUBLE: Time from the newest usable point to as_of.
    cast(window_hours as double) / 24.0 as window_days, -- DOUBLE: Part of the window with data.
    cast(floor(cast(window_hours as double) / 24.0) as bigint) as whole_days,
    cast(floor(max_gap_hours) as bigint) as longest_hours,
    cast(floor(attainment * 100.0) as double) / 100.0 as attained_percent,
    attainment_percent
from attainments
