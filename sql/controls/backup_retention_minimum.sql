-- One row a recovery point: is it kept for as long as its tier demands?
-- id: backup-retention-minimum
-- title: Each dependable recovery point is kept long enough
-- severity: high
-- version: 2
-- subject: recovery_point
-- worse: lower
-- parameters: min_retention_days, min_replica_retention_days, retention_mode, retention_interval_days, timestamp_tolerance_seconds
-- remedy: Raise the retention of the vault's policy; points that exist keep their date, so copy what must last longer.
with points as (
    select * from intermediate.int_recovery_points
),

demands as (
    select * from intermediate.int_requirements
),

measured as (
    -- The service adds the retention to created_at, so life is counted from there.
    select
        p.*,
        case when p.is_replica then t.min_replica_retention_days else t.min_retention_days end as limit_days,
        t.timestamp_tolerance_seconds,
        t.retention_mode,
        t.retention_interval_days,
        date_diff('second', date_trunc('second', p.created_at), date_trunc('second', p.expired_at)) as life_seconds
    from points as p
    inner join demands as t
        on p.scope = t.scope and p.snapshot_id = t.snapshot_id and p.resource_id = t.resource_id
),

told as (
    select
        *,
        case
            when state = 'unknown' then 'status_not_known'
            when not is_usable then 'not_usable'
            when is_dependable is null then 'expiry_not_readable'
            when not is_dependable then 'expired'
            when retention_kind = 'manual_kept' then 'kept_until_deleted'
            when retention_kind <> 'dated' then 'retention_not_visible'
            when created_at is null then 'creation_not_known'
            when expired_at >= created_at
                + limit_days * interval '1' day
                - timestamp_tolerance_seconds * interval '1' second
                then 'long_enough'
            else 'too_short'
        end as kept_code
    from measured
),

parts as (
    select
        scope,
        snapshot_id,
        backup_id,
        bool_and(is_usable) as are_usable
    from staging.stg_children
    group by scope, snapshot_id, backup_id
),

standing_for as (
    -- Where one point an interval is enough: whole ones that are kept long enough, and those that may be.
    select
        t.scope,
        t.snapshot_id,
        t.resource_id,
        t.is_replica,
        t.created_at,
        t.kept_code in ('long_enough', 'kept_until_deleted')
        and coalesce(p.are_usable, t.level not in ('server', 'unknown')) as is_certain
    from told as t
    left join parts as p on t.scope = p.scope and t.snapshot_id = p.snapshot_id and t.backup_id = p.backup_id
    where t.retention_mode = 'any_point'
        and not t.is_future
        and t.kept_code not in ('too_short', 'not_usable', 'expired')
        and coalesce(p.are_usable, true)
),

stood_for as (
    select
        t.scope,
        t.snapshot_id,
        t.backup_id,
        bool_or(k.is_certain) as is_certain
    from told as t
    inner join standing_for as k
        on t.scope = k.scope
        and t.snapshot_id = k.snapshot_id
        and t.resource_id = k.resource_id
        and t.is_replica = k.is_replica
        and k.created_at > t.created_at - t.retention_interval_days * interval '1' day
        and k.created_at <= t.created_at
    where t.kept_code = 'too_short'
    group by t.scope, t.snapshot_id, t.backup_id
),

judged as (
    select
        t.*,
        case
            when s.is_certain then 'another_is_kept'
            when s.backup_id is not null then 'another_may_be_kept'
            else t.kept_code
        end as reason_code
    from told as t
    left join stood_for as s on t.scope = s.scope and t.snapshot_id = s.snapshot_id and t.backup_id = s.backup_id
)

select
    scope,
    snapshot_id,
    backup_id as subject_id,
    case
        when reason_code in ('not_usable', 'expired') then 'not_applicable'
        when reason_code in ('kept_until_deleted', 'long_enough', 'another_is_kept') then 'pass'
        when reason_code = 'too_short' then 'fail'
        else 'unknown'
    end as status,
    reason_code,
    case reason_code
        when 'status_not_known' then 'Its status is not a documented one: ' || coalesce(status, 'none') || '.'
        when 'not_usable' then 'Its status is ' || status || ', so it protects nothing.'
        when 'expiry_not_readable' then 'It says when it expires in a form that can not be read.'
        when 'expired' then 'The backup is past its expiry and may be purged at any moment.'
        when 'another_is_kept' then 'It is kept for less than ' || cast(limit_days as varchar) || ' d, but another of the ' || cast(retention_interval_days as varchar) || ' d before it is kept long enough.'
        when 'another_may_be_kept' then 'It is kept for less than ' || cast(limit_days as varchar) || ' d, and whether another of the ' || cast(retention_interval_days as varchar) || ' d before it is kept long enough is not known.'
        when 'kept_until_deleted' then 'It was made by hand and stays until somebody deletes it.'
        when 'retention_not_visible' then 'It has no expiry: it is kept by count or for ever, which only the policy tells.'
        when 'creation_not_known' then 'It does not say when it was created.'
        else 'It is kept for '
            || cast(cast(floor(cast(life_seconds as double) / 86400.0) as bigint) as varchar)
            || ' d '
            || cast(cast(floor(cast(life_seconds as double) / 3600.0) as bigint) % 24 as varchar)
            || ' h; the minimum is '
            || cast(limit_days as varchar)
            || ' d, less '
            || cast(timestamp_tolerance_seconds as varchar)
            || ' s of tolerance.'
    end as reason,
    cast(life_seconds as double) / 86400.0 as measured_value,
    'd' as measured_unit,
    limit_days as threshold_value,
    cast(null as varchar[]) as evidence_backup_ids,
    case when reason_code = 'too_short' then created_at end as failing_since,
    retention_kind
from judged
