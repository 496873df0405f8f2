-- One row per recovery point: is it kept for as long as its tier requires?
-- id: backup-retention-minimum
-- title: Each dependable recovery point is kept long enough
-- severity: high
-- version: 4
-- subject: recovery_point
-- worse: lower
-- parameters: min_retention_days, min_replica_retention_days, retention_mode,
--   retention_interval_days, timestamp_tolerance_seconds
-- remedy: Raise the retention of the vault's policy. Existing points keep their expiry, so copy
--   those that must be kept longer.
-- reasons:
--   long_enough: pass: It is kept for {life_days} d {life_hours} h; the minimum is {limit_days} d,
--     less {timestamp_tolerance_seconds} s of tolerance.
--   kept_until_deleted: pass: It was made manually and is kept until somebody deletes it.
--   never_removed: pass: It has no expiry, and no backup policy of its vault removes backups by
--     their number.
--   kept_by_count: pass: It is kept by count: the backups of its vault's policies reach back
--     {count_days} days; the minimum is {limit_days} d.
--   kept_by_period: pass: The policy of its vault keeps the newest point of each day, week, month
--     or year, and this one for at least {certain_days} days; the minimum is {limit_days} d.
--   another_is_kept: pass: It is kept for less than {limit_days} d, but another point of the
--     {retention_interval_days} d before it is kept long enough.
--   too_short: fail: It is kept for {life_days} d {life_hours} h; the minimum is {limit_days} d,
--     less {timestamp_tolerance_seconds} s of tolerance.
--   count_too_short: fail: It is kept by count: the backups of its vault's policies reach back
--     {count_days} days; the minimum is {limit_days} d.
--   not_newest_of_period: fail: By their number, the backups of its vault's policies reach back
--     {count_days} days; the minimum is {limit_days} d. Of its day, week, month or year, only a
--     newer point is kept for longer.
--   another_may_be_kept: unknown: It is kept for less than {limit_days} d. Whether another point of
--     the {retention_interval_days} d before it is kept long enough is unknown.
--   one_of_period_is_kept: unknown: By their number, the backups of its vault's policies reach back
--     {count_days} days; the minimum is {limit_days} d. One of each day, week, month or year is
--     kept longer, and this may be one.
--   retention_not_visible: unknown: It has no expiry. Only the backup policy shows whether it is
--     kept by count or forever.
--   expiry_not_readable: unknown: Its expiry date cannot be read.
--   creation_not_known: unknown: It has no creation time.
--   status_not_known: unknown: Its status is not documented: {backup_status}.
--   expired: not_applicable: It has expired and may be purged at any moment.
--   not_usable: not_applicable: Its status is {backup_status}, so it protects nothing.
with readable_policies as (
    -- Where both lists were read to their end, they say how the backups of a vault are kept.
    select scope
    from staging.stg_inputs
    where input in ('vaults', 'policies') and state = 'ready'
    group by scope
    having count(*) = 2
),

vault_rules as (
    -- The policy that keeps its backups shortest decides: which one made a backup is not said.
    -- Where a policy may or may not run, nothing is decided.
    select
        scope,
        vault_id,
        bool_and(policies.points_kept is null) as removes_none,
        bool_and(policies.is_known) as is_known,
        min(policies.count_days) as count_days,
        min(case when policies.points_kept is not null then policies.kept_days end) as kept_days
    from intermediate.int_vault_policies as policies
    inner join readable_policies using (scope)
    inner join intermediate.int_vault_schedules as schedules using (scope, vault_id)
    where schedules.undecided_policies = 0
    group by scope, vault_id
),

lifespans as (
    -- The service adds the retention to created_at, so the lifespan starts there.
    select
        points.*,
        case
            when points.is_replica then requirements.min_replica_retention_days
            else requirements.min_retention_days
        end as limit_days,
        requirements.timestamp_tolerance_seconds,
        requirements.retention_mode,
        requirements.retention_interval_days,
        vault_rules.removes_none,
        vault_rules.is_known as is_count_known,
        vault_rules.count_days,
        vault_rules.kept_days,
        lives.kept_until,
        lives.certain_days,
        lives.possible_days,
        date_diff(
            'second',
            date_trunc('second', points.created_at),
            date_trunc('second', points.expired_at)
        ) as life_seconds
    from intermediate.int_recovery_points as points
    inner join intermediate.int_requirements as requirements using (scope, resource_id)
    left join vault_rules
        on points.scope = vault_rules.scope
        and points.vault_id = vault_rules.vault_id
        and points.retention_kind = 'count_or_permanent'
        and not points.is_replica
    left join intermediate.int_period_lives as lives
        on points.scope = lives.scope
        and points.backup_id = lives.backup_id
        and vault_rules.vault_id is not null
),

retained_points as (
    select
        *,
        case
            when state = 'unknown' then 'status_not_known'
            when not is_usable then 'not_usable'
            when is_dependable is null then 'expiry_not_readable'
            when not is_dependable then 'expired'
            when retention_kind = 'manual_kept' then 'kept_until_deleted'
            when removes_none then 'never_removed'
            when is_count_known and count_days >= limit_days then 'kept_by_count'
            when kept_until >= created_at
                + limit_days * interval '1' day
                - timestamp_tolerance_seconds * interval '1' second
                then 'kept_by_period'
            when is_count_known and kept_days < limit_days then 'count_too_short'
            when is_count_known and possible_days < limit_days then 'not_newest_of_period'
            when is_count_known then 'one_of_period_is_kept'
            when retention_kind <> 'dated' then 'retention_not_visible'
            when created_at is null then 'creation_not_known'
            when expired_at >= created_at
                + limit_days * interval '1' day
                - timestamp_tolerance_seconds * interval '1' second
                then 'long_enough'
            else 'too_short'
        end as own_code
    from lifespans
),

disk_states as (
    select scope, backup_id, bool_and(is_usable) as are_usable
    from staging.stg_children
    group by scope, backup_id
),

lasting_points as (
    -- Complete points that are kept, or may be kept, long enough, for tiers that require only one
    -- point per interval.
    select
        scope,
        retained_points.resource_id,
        retained_points.is_replica,
        retained_points.created_at,
        retained_points.own_code
        in (
            'long_enough', 'kept_until_deleted', 'never_removed', 'kept_by_count', 'kept_by_period'
        )
        and coalesce(disk_states.are_usable, retained_points.level not in ('server', 'unknown'))
            as is_certain
    from retained_points
    left join disk_states using (scope, backup_id)
    where retained_points.retention_mode = 'any_point'
        and not retained_points.is_future
        and retained_points.own_code
        not in (
            'too_short', 'count_too_short', 'not_newest_of_period', 'not_usable', 'expired'
        )
        and coalesce(disk_states.are_usable, true)
),

covered_points as (
    select scope, retained_points.backup_id, bool_or(lasting_points.is_certain) as is_certain
    from retained_points
    inner join lasting_points using (scope, resource_id, is_replica)
    where retained_points.own_code in ('too_short', 'count_too_short', 'not_newest_of_period')
        and lasting_points.created_at
        > retained_points.created_at - retained_points.retention_interval_days * interval '1' day
        and lasting_points.created_at <= retained_points.created_at
    group by scope, retained_points.backup_id
)

select
    scope,
    retained_points.snapshot_id,
    backup_id as subject_id,
    case
        when covered_points.is_certain then 'another_is_kept'
        when covered_points.is_certain is not null then 'another_may_be_kept'
        else retained_points.own_code
    end as reason_code,
    coalesce(
        case
            when retained_points.own_code = 'kept_by_period' then retained_points.certain_days
            else cast(retained_points.life_seconds as double) / 86400.0
        end,
        retained_points.count_days
    ) as measured_value,
    'd' as measured_unit,
    retained_points.limit_days as threshold_value,
    retained_points.created_at as failing_since,
    retained_points.status as backup_status,
    retained_points.limit_days,
    retained_points.retention_interval_days,
    retained_points.timestamp_tolerance_seconds,
    cast(floor(retained_points.count_days * 10.0) as double) / 10.0 as count_days,
    cast(floor(retained_points.certain_days * 10.0) as double) / 10.0 as certain_days,
    cast(floor(cast(retained_points.life_seconds as double) / 86400.0) as bigint) as life_days,
    cast(floor(cast(retained_points.life_seconds as double) / 3600.0) as bigint) % 24 as life_hours
from retained_points
left join covered_points using (scope, backup_id)
