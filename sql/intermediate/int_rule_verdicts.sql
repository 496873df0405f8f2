-- One row per lost point for which the policy of its vault decides: whether the policy still kept
-- it when it disappeared.
--
-- A policy keeps the newest points of a resource, and the newest point of each of its last days,
-- weeks, months and years that have any. So only newer points matter. Points that certainly
-- counted show that it was not kept, and all that may have counted show that it was. The number
-- is one of automatic points; whether one made by hand is the newest of a day is not documented.
with rules as (
    select rules.*, settings.clock_skew_seconds
    from intermediate.int_lasting_rules as rules
    inner join policy.settings using (scope)
),

resources as (
    select distinct scope, resource_id from rules
),

counted_points as (
    select
        scope,
        resource_id,
        lives.backup_id,
        lives.vault_id,
        lives.is_auto,
        lives.created_at,
        lives.gone_at
    from history.backup_lifecycle as lives
    inner join resources using (scope, resource_id)
    where not lives.is_replica
),

usable_versions as (
    select
        points.scope,
        points.backup_id,
        versions.valid_from,
        versions.valid_to
    from counted_points as points
    inner join history.backups as versions
        on points.scope = versions.scope and points.backup_id = versions.id
    inner join staging.stg_statuses as statuses using (status)
    where statuses.state = 'usable'
        and points.is_auto
        and versions.expired_at is null
        and json_extract_string(versions.extra, '$.expired_at') is null
),

newer_points as (
    select
        rules.scope,
        rules.backup_id,
        newer.backup_id as newer_id,
        bool_and(coalesce(newer.is_auto, true)) as may_be_automatic,
        bool_or(
            usable_versions.backup_id is not null
            and newer.vault_id = rules.vault_id
            and newer.created_at > rules.created_at
            and newer.created_at <= rules.gone_at
        ) as is_certain
    from rules
    inner join counted_points as newer using (scope, resource_id)
    left join usable_versions
        on newer.scope = usable_versions.scope
        and newer.backup_id = usable_versions.backup_id
        and usable_versions.valid_from <= rules.gone_at
        and (usable_versions.valid_to is null or usable_versions.valid_to > rules.gone_at)
    where newer.backup_id <> rules.backup_id
        and coalesce(newer.created_at >= rules.created_at, true)
        and coalesce(
            newer.created_at <= rules.gone_at + rules.clock_skew_seconds * interval '1' second, true
        )
        and coalesce(newer.gone_at >= rules.gone_at, true)
    group by rules.scope, rules.backup_id, newer.backup_id
),

numbers as (
    select
        scope,
        backup_id,
        count(*) filter (where may_be_automatic) as possible,
        count(*) filter (where is_certain) as certain
    from newer_points
    group by scope, backup_id
),

kept_periods as (
    select
        scope,
        rules.backup_id,
        periods.period,
        rules.timezone,
        case periods.period
            when 'day' then rules.day_backups
            when 'week' then rules.week_backups
            when 'month' then rules.month_backups
            else rules.year_backups
        end as periods_kept
    from rules
    cross join (values ('day'), ('week'), ('month'), ('year')) as periods (period)
),

period_starts as (
    select
        scope,
        points.backup_id,
        points.timezone,
        periods.period,
        case periods.period
            when 'day' then points.day_starts_at
            when 'week' then points.week_starts_at
            when 'month' then points.month_starts_at
            else points.year_starts_at
        end as starts_at
    from intermediate.int_point_periods as points
    cross join (values ('day'), ('week'), ('month'), ('year')) as periods (period)
),

newer_periods as (
    -- The periods of the newer points, each once.
    select
        kept_periods.scope,
        kept_periods.backup_id,
        kept_periods.period,
        kept_periods.periods_kept,
        own.starts_at,
        later.starts_at as later_starts_at,
        max(newer.newer_id) is not null as has_points,
        coalesce(bool_or(newer.is_certain), false) as is_certain
    from kept_periods
    left join period_starts as own using (scope, backup_id, timezone, period)
    left join newer_points as newer using (scope, backup_id)
    left join period_starts as later
        on newer.scope = later.scope
        and newer.newer_id = later.backup_id
        and kept_periods.timezone = later.timezone
        and kept_periods.period = later.period
    where kept_periods.periods_kept > 0
    group by
        kept_periods.scope,
        kept_periods.backup_id,
        kept_periods.period,
        kept_periods.periods_kept,
        own.starts_at,
        later.starts_at
),

period_numbers as (
    -- A newer point whose period is not known may be of the same one.
    select
        scope,
        backup_id,
        period,
        periods_kept,
        starts_at is not null as is_known,
        bool_or(is_certain and later_starts_at = starts_at) as is_superseded,
        bool_or(has_points and coalesce(later_starts_at = starts_at, true)) as may_be_superseded,
        count(*) filter (where is_certain and later_starts_at > starts_at) as certain_periods,
        count(*) filter (where later_starts_at > starts_at) as possible_periods
    from newer_periods
    group by scope, backup_id, period, periods_kept, starts_at
),

period_verdicts as (
    select
        scope,
        backup_id,
        bool_or(is_known and not may_be_superseded and possible_periods < periods_kept) as is_kept,
        bool_and(
            is_known and (coalesce(is_superseded, false) or certain_periods >= periods_kept)
        ) as is_dropped
    from period_numbers
    group by scope, backup_id
),

unread_scopes as (
    -- A backup that could not be loaded may be a newer point.
    select distinct scope from meta.rejects where table_name = 'backups' and not is_repeat
),

verdicts as (
    select
        scope,
        backup_id,
        rules.policy_id,
        unread_scopes.scope is null
        and (
            coalesce(numbers.possible, 0) < rules.points_kept
            or coalesce(period_verdicts.is_kept, false)
        ) as is_kept,
        coalesce(numbers.certain, 0) >= rules.points_kept
        and coalesce(period_verdicts.is_dropped, true) as is_dropped
    from rules
    left join unread_scopes using (scope)
    left join numbers using (scope, backup_id)
    left join period_verdicts using (scope, backup_id)
)

select
    scope,
    backup_id, -- VARCHAR: ID of the backup.
    policy_id, -- VARCHAR: ID of the policy that decides.
    is_kept -- BOOLEAN: Whether the policy still kept the point when it disappeared.
from verdicts
where is_kept or is_dropped
