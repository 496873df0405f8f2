-- One row per resource and day of the window: was it within its RPO? The worst status of the day
-- counts. Resources that the policy excludes are listed, but not judged.
-- kind: view
with days as (
    select * from policy.days where is_past
),

requirements as (
    select * from intermediate.int_requirements where not only_replicas
),

attempts as (
    select * from intermediate.int_attempts where is_in_window
),

sightings as (
    select scope, resource_id, created_at, case when is_usable then rp_time end as rp_time
    from intermediate.int_resource_points
    where not is_replica
    union all
    select scope, resource_id, created_at, case when was_usable then rp_time end as rp_time
    from attempts
),

first_sightings as (
    select
        scope,
        resource_id,
        min(created_at) as first_attempt_at,
        min(rp_time) as first_point_at
    from sightings
    group by scope, resource_id
),

observed_days as (
    select
        days.scope,
        days.day,
        count(snapshots.as_of) as snapshots
    from days
    left join meta.snapshots as snapshots
        on days.scope = snapshots.scope
        and snapshots.complete
        and snapshots.as_of >= days.starts_at
        and snapshots.as_of < days.ends_at
    group by days.scope, days.day
),

breaches as (
    select
        scope,
        resource_id,
        gaps.hours,
        gaps.gap_start + requirements.rpo_hours * interval '1' hour as late_from,
        gaps.gap_end as late_to
    from intermediate.int_gaps as gaps
    inner join requirements using (scope, resource_id)
    where gaps.is_breach
),

late_days as (
    select
        breaches.scope,
        breaches.resource_id,
        days.day,
        max(breaches.hours) as worst_gap_hours,
        bool_or(
            breaches.late_from <= days.starts_at and breaches.late_to >= days.ends_at
        ) as is_missed
    from breaches
    inner join days
        on breaches.scope = days.scope
        and breaches.late_from < days.ends_at
        and breaches.late_to > days.starts_at
    group by breaches.scope, breaches.resource_id, days.day
),

attempt_days as (
    select
        attempts.scope,
        attempts.resource_id,
        days.day,
        count(*) filter (where attempts.outcome = 'succeeded') as points,
        count(*) filter (where attempts.outcome = 'failed') as failures
    from attempts
    inner join days
        on attempts.scope = days.scope
        and attempts.created_at >= days.starts_at
        and attempts.created_at < days.ends_at
    group by attempts.scope, attempts.resource_id, days.day
)

select
    scope,
    requirements.snapshot_id,
    resource_id,
    requirements.resource_name,
    requirements.tier,
    day,
    -- VARCHAR: ok; late: beyond the RPO for a part of the day; missed: beyond the RPO all day, or
    -- no point ever existed; failed_only: all backups of the day failed; no_snapshot: no data, or
    -- the resource was not known yet; out_of_scope: excluded by the policy.
    case
        when requirements.exclusion_id is not null then 'out_of_scope'
        when late_days.is_missed then 'missed'
        when late_days.day is not null then 'late'
        when attempt_days.points = 0 and attempt_days.failures > 0 then 'failed_only'
        when attempt_days.points > 0 then 'ok'
        when observed_days.snapshots = 0 then 'no_snapshot'
        when first_sightings.first_point_at < days.ends_at then 'ok'
        when first_sightings.first_attempt_at < days.starts_at then 'missed'
        else 'no_snapshot'
    end as status,
    -- BIGINT: Number of its own backups of that day that succeeded.
    coalesce(attempt_days.points, 0) as points,
    -- BIGINT: Number of its own backups of that day that failed.
    coalesce(attempt_days.failures, 0) as failures,
    -- DOUBLE: Length of the longest gap that is beyond the RPO on that day.
    case
        when requirements.exclusion_id is null then late_days.worst_gap_hours
    end as worst_gap_hours
from requirements
inner join days using (scope)
inner join observed_days using (scope, day)
left join late_days using (scope, resource_id, day)
left join first_sightings using (scope, resource_id)
left join attempt_days using (scope, resource_id, day)
