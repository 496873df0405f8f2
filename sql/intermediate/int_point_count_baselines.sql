-- One row per vault, and one per scope: the usual number of dependable points, and how unusual
-- today's number is.
with lives as (
    -- Points that the policy excludes do not count.
    select
        lives.*,
        least(
            coalesce(lives.gone_at, lives.expired_at), coalesce(lives.expired_at, lives.gone_at)
        ) as ended_at
    from history.backup_lifecycle as lives
    left join intermediate.int_rules as rules using (scope, resource_id)
    where lives.was_usable and rules.exclusion_id is null
),

point_changes as (
    select scope, vault_id, first_seen as moved_at, 1 as points
    from lives
    union all
    select scope, vault_id, ended_at as moved_at, -1 as points
    from lives
    where ended_at is not null
),

vault_changes as (
    select scope, vault_id, moved_at, sum(points) as points
    from point_changes
    group by scope, vault_id, moved_at
),

holder_changes as (
    select scope, 'vault' as holder_kind, vault_id as holder_id, moved_at, points from vault_changes
    union all
    select scope, 'scope' as holder_kind, scope as holder_id, moved_at, points from vault_changes
),

readings as (
    -- Snapshots that were judged stay in the history after their landing is pruned.
    select scope, project_id, as_of from meta.snapshots where complete
    union all
    select scope, project_id, as_of from history.result_counts
),

days as (
    -- The last snapshot of each day. Snapshots of another project do not count.
    select
        scope,
        cast(readings.as_of as date) as day,
        max(readings.as_of) as read_at
    from readings
    inner join staging.stg_snapshots as judged using (scope, project_id)
    inner join policy.settings using (scope)
    where cast(readings.as_of as date) < cast(judged.as_of as date)
        and readings.as_of >= judged.as_of - settings.usual_total_days * interval '1' day
    group by scope, cast(readings.as_of as date)
),

daily_totals as (
    select
        days.scope,
        holders.holder_kind,
        holders.holder_id,
        days.day,
        coalesce(sum(holder_changes.points), 0) as points
    from days
    inner join intermediate.int_vaults_and_scopes as holders using (scope)
    left join holder_changes
        on holders.scope = holder_changes.scope
        and holders.holder_kind = holder_changes.holder_kind
        and holders.holder_id = holder_changes.holder_id
        and holder_changes.moved_at <= days.read_at
    group by days.scope, holders.holder_kind, holders.holder_id, days.day
),

running_totals as (
    select
        *,
        sum(points) over (partition by scope, holder_kind, holder_id order by day) as points_until
    from daily_totals
),

known_totals as (
    -- Days before the first point do not count.
    select * from running_totals where points_until > 0
),

usual_totals as (
    select
        scope,
        holder_kind,
        holder_id,
        count(*) as days,
        median(points) as usual_total
    from known_totals
    group by scope, holder_kind, holder_id
),

deviations as (
    select
        scope,
        holder_kind,
        holder_id,
        median(abs(known_totals.points - usual_totals.usual_total)) as deviation
    from known_totals
    inner join usual_totals using (scope, holder_kind, holder_id)
    group by scope, holder_kind, holder_id
)

select
    scope,
    holders.snapshot_id,
    holder_kind,
    holder_id,
    usual_totals.days, -- BIGINT: Number of days that usual_total is based on.
    usual_totals.usual_total, -- DOUBLE: Median number of points on these days.
    deviations.deviation, -- DOUBLE: Median deviation from usual_total.
    holders.points, -- BIGINT: Number of dependable points now.
    -- The deviation is at least 1, also for numbers that never change.
    cast(0.6745 * (usual_totals.usual_total - holders.points) as double)
        / nullif(greatest(deviations.deviation, 1.0), 0.0)
        as drop_score -- DOUBLE: Distance below usual_total in robust standard deviations.
from intermediate.int_vaults_and_scopes as holders
inner join usual_totals using (scope, holder_kind, holder_id)
inner join deviations using (scope, holder_kind, holder_id)
