-- One row per recovery point of the previous complete snapshot that is not in the new one: its last
-- known values, and the first classification that applies.
with remaining_points as (
    select * from fold.points where side = 'now'
),

earlier_points as (
    -- A backup in the new snapshot has not disappeared, even if it is now a part of another backup.
    select
        points.*,
        present.id is null as is_gone,
        coalesce(
            remaining_points.is_kept_by_count
            and (remaining_points.is_usable or remaining_points.is_going),
            false
        ) as is_still_counted
    from fold.points as points
    left join now.backups as present using (id)
    left join remaining_points using (id)
    where points.side = 'was'
),

rotations as (
    -- Rotation removes the oldest points: all remaining points are newer than all removed ones.
    select
        resource_id,
        image_type,
        max(case when is_gone then created_at end) as youngest_gone,
        min(case when not is_gone then created_at end) as oldest_left,
        bool_or(is_still_counted) as is_any_counted
    from earlier_points
    where was_made and is_kept_by_count
    group by resource_id, image_type
),

spans as (
    select
        resource_id,
        image_type,
        side,
        min(created_at) as begins_at,
        max(created_at) as ends_at,
        cast(
            date_diff(
                'second',
                date_trunc('second', min(created_at)),
                date_trunc('second', max(created_at))
            ) as double
        ) / nullif(count(*) - 1, 0) as interval_seconds
    from fold.points
    where was_made and is_kept_by_count
    group by resource_id, image_type, side
),

turnovers as (
    -- The time between points that are kept by count, and the time between the newest point of the
    -- old snapshot and the oldest of the new one.
    select
        resource_id,
        image_type,
        date_diff(
            'second',
            date_trunc('second', max(case when side = 'was' then ends_at end)),
            date_trunc('second', min(case when side = 'now' then begins_at end))
        ) as apart_seconds,
        max(interval_seconds) as interval_seconds
    from spans
    group by resource_id, image_type
),

counts as (
    -- Retention by count applies to all points of a resource, in whichever vault they are.
    select
        resource_id,
        image_type,
        coalesce(later.depth, 0) as depth,
        coalesce(known.depth, 0) as depth_was,
        coalesce(
            least(
                known.depth,
                coalesce(known.depth_before, known.depth),
                coalesce(known.depth_before_that, known.depth)
            ),
            0
        ) as lowest_before,
        coalesce(
            known.depth > known.depth_before and known.depth_before > known.depth_before_that, false
        ) as was_rising
    from fold.depths as later
    full outer join was.depths as known using (resource_id, image_type)
),

newest_points as (
    select
        resource_id,
        image_type,
        max(case when side = 'now' then created_at end) as newest_left,
        max(case when side = 'was' then created_at end) as newest_before
    from fold.points
    where is_usable
    group by resource_id, image_type
),

days as (
    select
        resource_id,
        image_type,
        date_trunc('day', created_at) as day_of,
        min(created_at) as oldest_of_day
    from remaining_points
    where is_usable and coalesce(is_auto, false)
    group by resource_id, image_type, date_trunc('day', created_at)
),

months as (
    select
        resource_id,
        image_type,
        date_trunc('month', created_at) as month_of,
        max(created_at) as newest_in_month
    from remaining_points
    where is_usable and coalesce(is_auto, false)
    group by resource_id, image_type, date_trunc('month', created_at)
),

vaults as (
    select
        vault_id,
        count(*) filter (where side = 'was') as points_before,
        count(*) filter (where side = 'now') as points_after
    from fold.points
    group by vault_id
),

losses as (
    select
        *,
        date_trunc('day', created_at) as day_of,
        date_trunc('month', created_at) as month_of
    from earlier_points
    where is_gone
),

classified_losses as (
    select
        losses.*,
        snapshots.last_seen,
        snapshots.gone_at,
        case
            when not snapshots.is_same_project then 'vault_or_project_not_seen'
            when
                not losses.was_made
                and (losses.status in ('error', 'protecting', 'waiting_protect') or losses.is_going)
                then 'failed_or_inflight_cleanup'
            when losses.is_expiry_unreadable then 'expiry_unreadable'
            when losses.expired_at <= snapshots.read_by then 'expired'
            when losses.expired_at > snapshots.read_by then 'deleted_early'
            when not losses.is_auto then 'manual_deleted'
            when losses.is_auto is null or not losses.was_made then 'deleted_unexplained'
            when coalesce(newest_points.newest_left <= losses.created_at, true)
                then 'deleted_unexplained'
            when
                not rotations.is_any_counted
                and turnovers.apart_seconds > 1.5 * turnovers.interval_seconds
                and counts.depth >= counts.lowest_before
                then 'rotation_faster_than_sampling'
            when rotations.youngest_gone < rotations.oldest_left or rotations.oldest_left is null
                then case
                    when counts.depth < counts.lowest_before then 'deleted_unexplained'
                    -- While the number of points rises, no rule removes any, unless it has just
                    -- taken effect.
                    when counts.was_rising and counts.depth < counts.depth_was
                        then 'rotation_may_have_begun'
                    else 'rotated_by_count'
                end
            -- Long-term retention keeps the newest point of a day, and never removes the newest of
            -- all.
            when losses.is_usable and losses.created_at >= newest_points.newest_before
                then 'deleted_unexplained'
            when days.oldest_of_day < losses.created_at then 'deleted_unexplained'
            when months.newest_in_month > losses.created_at then 'possible_gfs_thinning'
            else 'deleted_unexplained'
        end as disappearance
    from losses
    cross join fold.compared_snapshots as snapshots
    left join rotations using (resource_id, image_type)
    left join turnovers using (resource_id, image_type)
    left join counts using (resource_id, image_type)
    left join newest_points using (resource_id, image_type)
    left join days using (resource_id, image_type, day_of)
    left join months using (resource_id, image_type, month_of)
),

verdicts as (
    select
        *,
        case
            when disappearance in ('failed_or_inflight_cleanup', 'expired', 'rotated_by_count')
                then 'ok'
            when disappearance in ('deleted_early', 'manual_deleted', 'deleted_unexplained')
                then 'fail'
            else 'unknown'
        end as verdict
    from classified_losses
),

failures as (
    select vault_id, count(*) as points from verdicts where verdict = 'fail' group by vault_id
)

select
    verdicts.scope,
    verdicts.id,
    verdicts.resource_id,
    verdicts.resource_name,
    verdicts.resource_type,
    verdicts.enterprise_project_id,
    nullif(vault_id, '') as vault_id,
    verdicts.image_type,
    verdicts.status,
    verdicts.created_at,
    verdicts.protected_at,
    verdicts.updated_at,
    verdicts.expired_at,
    verdicts.is_auto,
    verdicts.was_usable,
    verdicts.was_failed,
    -- TIMESTAMP: When it expired, or the first complete snapshot in which it is not restorable.
    coalesce(
        verdicts.dependable_until,
        case
            when
                verdicts.was_usable
                and verdicts.expired_at > verdicts.last_seen
                and verdicts.expired_at <= verdicts.gone_at
                then verdicts.expired_at
            when verdicts.was_usable then verdicts.gone_at
        end
    ) as dependable_until,
    verdicts.first_seen,
    verdicts.last_seen, -- TIMESTAMP: Last complete snapshot with the backup.
    verdicts.gone_at, -- TIMESTAMP: First complete snapshot without the backup.
    -- VARCHAR: Classification of the disappearance: the first value that applies.
    verdicts.disappearance,
    verdicts.verdict, -- VARCHAR: Verdict of the classification: ok, fail or unknown.
    -- DOUBLE: Time from gone_at to the expiry, if it disappeared before its expiry.
    case
        when verdicts.expired_at > verdicts.gone_at
            then cast(
                date_diff(
                    'second',
                    date_trunc('second', verdicts.gone_at),
                    date_trunc('second', verdicts.expired_at)
                ) as double
            ) / 86400.0
    end as days_early,
    -- BIGINT: Number of points in its vault in the last snapshot with the backup.
    vaults.points_before as vault_points_before,
    -- BIGINT: Number of points in its vault in the first snapshot without the backup.
    vaults.points_after as vault_points_after,
    -- BIGINT: Number of points of its vault that disappeared in the same interval with verdict
    -- fail.
    coalesce(failures.points, 0) as vault_failed_with_it
from verdicts
left join vaults using (vault_id)
left join failures using (vault_id)
