-- One row a recovery point: how long after its moment was its copy there?
-- id: replication-lag
-- title: Copies arrive in time
-- severity: medium
-- version: 1
-- subject: recovery_point
-- worse: higher
-- parameters: offsite, offsite_rpo_hours
-- remedy: Check the bandwidth and the schedule of the replication policy; a copy that is always late misses the off-site RPO one day.
with points as (
    select * from intermediate.int_recovery_points
),

demands as (
    select * from intermediate.int_requirements
),

copies as (
    select * from intermediate.int_copies where is_offsite and state in ('verified', 'claimed')
),

arrivals as (
    -- A copy that was seen says when it was made; of one that is only told of, nobody knows.
    select
        scope,
        snapshot_id,
        source_backup_id as backup_id,
        min(copied_at) as earliest_at,
        bool_or(state = 'verified') as is_seen
    from copies
    group by scope, snapshot_id, source_backup_id
),

judged as (
    select
        p.scope,
        p.snapshot_id,
        p.backup_id,
        p.rp_time,
        a.earliest_at,
        d.offsite_rpo_hours,
        cast(date_diff('second', date_trunc('second', p.rp_time), date_trunc('second', a.earliest_at)) as double) / 3600.0 as lag_hours,
        case
            when p.is_replica then 'is_a_copy'
            when d.offsite <> 'required' then 'not_required'
            when a.backup_id is null then 'no_copy'
            when not a.is_seen then 'copy_not_seen'
            when a.earliest_at is null or p.rp_time is null then 'time_not_known'
            when a.earliest_at <= p.rp_time + d.offsite_rpo_hours * interval '30' minute then 'in_time'
            else 'late'
        end as reason_code
    from points as p
    inner join demands as d
        on p.scope = d.scope and p.snapshot_id = d.snapshot_id and p.resource_id = d.resource_id
    left join arrivals as a
        on p.scope = a.scope and p.snapshot_id = a.snapshot_id and p.backup_id = a.backup_id
)

select
    scope,
    snapshot_id,
    backup_id as subject_id,
    case
        when reason_code in ('is_a_copy', 'not_required', 'no_copy', 'copy_not_seen') then 'not_applicable'
        when reason_code = 'in_time' then 'pass'
        when reason_code = 'late' then 'fail'
        else 'unknown'
    end as status,
    reason_code,
    case reason_code
        when 'is_a_copy' then 'It is a copy itself.'
        when 'not_required' then 'The tier does not ask for a copy elsewhere.'
        when 'no_copy' then 'It has no copy in another region: see resource-offsite-copy.'
        when 'copy_not_seen' then 'The place of its copy is not read, so nothing says when it arrived.'
        when 'time_not_known' then 'The point or its copy carries no time.'
        else 'Its copy was begun ' || cast(cast(floor(lag_hours * 10.0) as double) / 10.0 as varchar) || ' h after its moment; half of the off-site RPO of ' || cast(offsite_rpo_hours as varchar) || ' h is the limit.'
    end as reason,
    lag_hours as measured_value,
    'h' as measured_unit,
    offsite_rpo_hours * 0.5 as threshold_value,
    cast(null as varchar[]) as evidence_backup_ids,
    case when reason_code = 'late' then rp_time + offsite_rpo_hours * interval '30' minute end as failing_since
from judged
