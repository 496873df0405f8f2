-- One row per resource: was the retention of its recovery points shortened lately?
-- id: retention-shortened
-- title: Retention is not shortened
-- severity: critical
-- version: 3
-- subject: resource
-- worse: lower
-- waiver: two approvers
-- parameters: deletion_window_days, timestamp_tolerance_seconds, shortened_percent, usual_points,
--   usual_least_points
-- remedy: Find out who changed the policy or the points, which is named where the audit trail is
--   read, and restore the retention: it applies to new points.
-- reasons:
--   as_usual: pass: Its points are kept for as long as before.
--   expiry_moved: fail: The expiry of {moved_points} points was brought forward, the first from
--     {first_old_value} to {first_new_value}.
--   life_shortened: fail: New points are kept for {life_days} d; {usual_days} d were usual.
--   rule_shortened: fail: The policy {policy_name} keeps less than before: {old_rule} until
--     {rule_seen_before}, {new_rule} since {rule_changed_at}{change_note}.
--   rule_not_comparable: unknown: The policy {policy_name} was changed from {old_rule} to
--     {new_rule}{change_note}; whether that is less is not known, because the times of its runs are
--     not.
--   expiry_dropped: unknown: Its new points no longer have an expiry, so their retention is
--     unknown.
--   baseline: unknown: Only {dated_points} automatic points with an expiry were seen, too few for a
--     usual retention.
--   judged_at_source: not_applicable: Only copies are stored in this scope; the resource is judged
--     in its source scope.
--   judged_with_server: not_applicable: Its backups are part of its server's backups.
--   no_dated_point: not_applicable: It has no automatic points with an expiry.
with expiry_moves as (
    -- Points that got an earlier expiry, or an expiry where they had none. Copies and points that
    -- have disappeared since count too.
    select
        scope,
        coalesce(nullif(changes.resource_id, ''), 'resource of backup ' || changes.id)
            as resource_id,
        changes.id as backup_id,
        changes.changed_at,
        changes.old_value,
        changes.new_value,
        row_number() over (
            partition by
                scope,
                coalesce(nullif(changes.resource_id, ''), 'resource of backup ' || changes.id)
            order by changes.changed_at, changes.id
        ) as place
    from history.expiry_changes as changes
    inner join staging.stg_snapshots as snapshots using (scope)
    inner join policy.settings as settings using (scope)
    where changes.changed_at
        >= snapshots.as_of - settings.deletion_window_days * interval '1' day
        and (
            changes.old_value is null
            or changes.new_value
            < changes.old_value - settings.timestamp_tolerance_seconds * interval '1' second
        )
),

moved_points as (
    select
        scope,
        resource_id,
        count(distinct backup_id) as points,
        min(changed_at) as first_moved_at,
        max(case when place = 1 then old_value end) as old_value,
        max(case when place = 1 then new_value end) as new_value,
        coalesce(list_sort(array_agg(distinct backup_id)), cast([] as varchar[])) as backup_ids
    from expiry_moves
    group by scope, resource_id
),

automatic_points as (
    select
        *,
        date_diff('second', date_trunc('second', created_at), date_trunc('second', expired_at))
            as life_seconds
    from intermediate.int_attempts
    where is_auto and was_usable
),

lifetimes as (
    select
        scope,
        resource_id,
        count(*) filter (where expired_at is not null) as points,
        min(life_seconds) as shortest,
        max(life_seconds) as longest,
        max(created_at) filter (where expired_at is not null) as last_dated_at,
        max(created_at) filter (where expired_at is null) as last_endless_at
    from automatic_points
    group by scope, resource_id
),

uneven_points as (
    -- If all points of a resource live equally long, there is nothing to compare.
    select
        scope,
        resource_id,
        points.backup_id,
        points.created_at,
        points.life_seconds,
        requirements.as_of
        - requirements.deletion_window_days * interval '1' day as window_start,
        requirements.shortened_percent,
        requirements.usual_points,
        requirements.usual_least_points,
        row_number() over (
            partition by scope, resource_id order by points.created_at, points.backup_id
        ) as place
    from automatic_points as points
    inner join lifetimes using (scope, resource_id)
    inner join intermediate.int_requirements as requirements using (scope, resource_id)
    where points.expired_at is not null
        and lifetimes.shortest * 100 < requirements.shortened_percent * lifetimes.longest
),

usual_lifetimes as (
    select
        scope,
        resource_id,
        points.backup_id,
        points.created_at,
        points.life_seconds,
        points.shortened_percent,
        points.usual_least_points,
        median(earlier_points.life_seconds) as usual_seconds,
        count(*) as earlier
    from uneven_points as points
    inner join uneven_points as earlier_points using (scope, resource_id)
    where points.created_at >= points.window_start
        and earlier_points.place < points.place
        and earlier_points.place >= points.place - points.usual_points
    group by
        scope,
        resource_id,
        points.backup_id,
        points.created_at,
        points.life_seconds,
        points.shortened_percent,
        points.usual_least_points
),

short_points as (
    select
        *,
        row_number() over (partition by scope, resource_id order by created_at, backup_id) as place
    from usual_lifetimes
    where earlier >= usual_least_points and life_seconds * 100 < shortened_percent * usual_seconds
),

shortened_lifetimes as (
    select
        scope,
        resource_id,
        min(created_at) as first_short_at,
        max(case when place = 1 then life_seconds end) as life_seconds,
        max(case when place = 1 then usual_seconds end) as usual_seconds,
        coalesce(list_sort(array_agg(backup_id)), cast([] as varchar[])) as backup_ids
    from short_points
    group by scope, resource_id
)

select
    scope,
    requirements.snapshot_id,
    resource_id as subject_id,
    case
        when moved_points.points > 0 then 'expiry_moved'
        when requirements.only_replicas then 'judged_at_source'
        when shortened_lifetimes.backup_ids is not null then 'life_shortened'
        when requirements.subject_type = 'volume_via_server' then 'judged_with_server'
        when rules.is_certain then 'rule_shortened'
        when rules.resource_id is not null then 'rule_not_comparable'
        when lifetimes.last_endless_at > lifetimes.last_dated_at then 'expiry_dropped'
        when coalesce(lifetimes.points, 0) = 0 then 'no_dated_point'
        when lifetimes.points <= requirements.usual_least_points then 'baseline'
        else 'as_usual'
    end as reason_code,
    cast(shortened_lifetimes.life_seconds as double) / 86400.0 as measured_value,
    'd' as measured_unit,
    requirements.shortened_percent
    * (cast(shortened_lifetimes.usual_seconds as double) / 8640000.0) as threshold_value,
    coalesce(moved_points.backup_ids, shortened_lifetimes.backup_ids) as evidence_backup_ids,
    coalesce(
        moved_points.first_moved_at, shortened_lifetimes.first_short_at, rules.changed_at
    ) as failing_since,
    moved_points.old_value, -- TIMESTAMP: Expiry before the first change.
    moved_points.new_value, -- TIMESTAMP: Expiry after the first change.
    moved_points.points as moved_points,
    coalesce(cast(date_trunc('second', moved_points.old_value) as varchar), 'none')
        as first_old_value,
    date_trunc('second', moved_points.new_value) as first_new_value,
    cast(floor(cast(shortened_lifetimes.life_seconds as double) / 8640.0) as double) / 10.0
        as life_days,
    cast(floor(cast(shortened_lifetimes.usual_seconds as double) / 8640.0) as double) / 10.0
        as usual_days,
    lifetimes.points as dated_points,
    rules.policy_name,
    rules.old_rule,
    rules.new_rule,
    date_trunc('second', rules.seen_before) as rule_seen_before,
    date_trunc('second', rules.changed_at) as rule_changed_at,
    -- VARCHAR: Who changed that policy, according to a successful call in the audit trail. Null if
    -- it names nobody.
    rules.changed_by,
    rules.changed_from_ip, -- VARCHAR: Addresses that the calls came from.
    rules.called_at, -- TIMESTAMP: When the last of the calls was made.
    coalesce(
        ' (changed by '
        || rules.changed_by
        || coalesce(' from ' || rules.changed_from_ip, '')
        || ' at '
        || cast(date_trunc('second', rules.called_at) as varchar)
        || ')',
        ''
    ) as change_note
from intermediate.int_requirements as requirements
left join moved_points using (scope, resource_id)
left join shortened_lifetimes using (scope, resource_id)
left join lifetimes using (scope, resource_id)
left join intermediate.int_shortened_rules as rules using (scope, resource_id)
