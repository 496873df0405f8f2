-- One row per recovery point: how long after its capture was its off-site copy made?
-- id: replication-lag
-- title: Off-site copies are made in time
-- severity: medium
-- version: 1
-- subject: recovery_point
-- worse: higher
-- parameters: offsite, offsite_rpo_hours
-- remedy: Check the bandwidth and the schedule of the replication policy. A copy that is always
--   late will miss the off-site RPO.
-- reasons:
--   in_time: pass: Its copy was started {shown_lag_hours} h after its capture; the limit is half of
--     the off-site RPO of {offsite_rpo_hours} h.
--   late: fail: Its copy was started {shown_lag_hours} h after its capture; the limit is half of
--     the off-site RPO of {offsite_rpo_hours} h.
--   time_not_known: unknown: The point has no capture time, or its copy has no creation time.
--   is_a_copy: not_applicable: It is itself a copy.
--   not_required: not_applicable: The tier does not require an off-site copy.
--   no_copy: not_applicable: It has no copy in another region: see resource-offsite-copy.
--   copy_not_seen: not_applicable: The scope of its copy is not read, so the time of the copy is
--     unknown.
with arrivals as (
    -- The time of a copy is known only if the copy was seen, not if a record reports it.
    select
        scope,
        source_backup_id as backup_id,
        min(copied_at) as earliest_at,
        bool_or(state = 'verified') as is_seen
    from intermediate.int_copies
    where is_offsite and state in ('verified', 'claimed')
    group by scope, source_backup_id
),

lags as (
    select
        points.*,
        requirements.offsite,
        requirements.offsite_rpo_hours,
        arrivals.earliest_at,
        arrivals.is_seen,
        cast(
            date_diff(
                'second',
                date_trunc('second', points.rp_time),
                date_trunc('second', arrivals.earliest_at)
            ) as double
        ) / 3600.0 as lag_hours
    from intermediate.int_recovery_points as points
    inner join intermediate.int_requirements as requirements using (scope, resource_id)
    left join arrivals using (scope, backup_id)
)

select
    scope,
    snapshot_id,
    backup_id as subject_id,
    case
        when is_replica then 'is_a_copy'
        when offsite <> 'required' then 'not_required'
        when is_seen is null then 'no_copy'
        when not is_seen then 'copy_not_seen'
        when earliest_at is null or rp_time is null then 'time_not_known'
        when earliest_at <= rp_time + offsite_rpo_hours * interval '30' minute then 'in_time'
        else 'late'
    end as reason_code,
    lag_hours as measured_value,
    'h' as measured_unit,
    offsite_rpo_hours * 0.5 as threshold_value,
    rp_time + offsite_rpo_hours * interval '30' minute as failing_since,
    cast(floor(lag_hours * 10.0) as double) / 10.0 as shown_lag_hours,
    offsite_rpo_hours
from lags
