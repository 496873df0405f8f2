-- One row per recovery point of the previous complete snapshot that is not in the new one: its last
-- known values, and the first classification that applies.
with remaining as (
    select * from fold.points where side = 'now'
),

earlier as (
    -- A backup in the new snapshot has not disappeared, even if it is now a part of another backup.
    select
        points.*,
        present.id is null as is_gone,
        coalesce(
            remaining.is_kept_by_count and (remaining.is_usable or remaining.is_going), false
        ) as is_still_counted
    from fold.points as points
    left join now.backups as present using (id)
    left join remaining using (id)
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
    from earlier
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
    from remaining
    where is_usable and coalesce(is_auto, false)
    group by resource_id, image_type, date_trunc('day', created_at)
),

months as (
    select
        resource_id,
        image_type,
        date_trunc('month', created_at) as month_of,
        max(created_at) as newest_in_month
    from remaining
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

gone as (
    select
        *,
        date_trunc('day', created_at) as day_of,
        date_trunc('month', created_at) as month_of
    from earlier
    where is_gone
),

classified as (
    select
        gone.*,
        snapshots.last_seen,
        snapshots.gone_at,
        case
            when not snapshots.is_same_project then 'vault_or_project_not_seen'
            when
                not gone.was_made
                and (gone.status in ('error', 'protecting', 'waiting_protect') or gone.is_going)
                then 'failed_or_inflight_cleanup'
            when gone.is_expiry_unreadable then 'expiry_unreadable'
            when gone.expired_at <= snapshots.read_by then 'expired'
            when gone.expired_at > snapshots.read_by then 'deleted_early'
            when not gone.is_auto then 'manual_deleted'
            when gone.is_auto is null or not gone.was_made then 'deleted_unexplained'
            when coalesce(newest_points.newest_left <= gone.created_at, true)
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
            when gone.is_usable and gone.created_at >= newest_points.newest_before
                then 'deleted_unexplained'
            when days.oldest_of_day < gone.created_at then 'deleted_unexplained'
            when months.newest_in_month > gone.created_at then 'possible_gfs_thinning'
            else 'deleted_unexplained'
        end as disappearance
    from gone
    cross join fold.compared_snapshots as snapshots
    left join rotations using (resource_id, image_type)
    left join turnovers using (resource_id, image_type)
    left join counts using (resource_id, image_type)
    left join newest_points using (resource_id, image_type)
    left join days using (resource_id, image_type, day_of)
    left join months using (resource_id, image_type, month_of)
),

judged as (
    select
        *,
        case
            when disappearance in ('failed_or_inflight_cleanup', 'expired', 'rotated_by_count')
                then 'ok'
            when disappearance in ('deleted_early', 'manual_deleted', 'deleted_unexplained')
                then 'fail'
            else 'unknown'
        end as verdict
    from classified
),

failures as (
    select vault_id, count(*) as points from judged where verdict = 'fail' group by vault_id
)

select
    judged.scope,
    judged.id,
    judged.resource_id,
    judged.resource_name,
    judged.resource_type,
    judged.enterprise_project_id,
    nullif(vault_id, '') as vault_id,
    judged.image_type,
    judged.status,
    judged.created_at,
    judged.protected_at,
    judged.updated_at,
    judged.expired_at,
    judged.is_auto,
    judged.was_usable,
    judged.was_failed,
    -- TIMESTAMP: When it expired, or the first complete snapshot in which it is not restorable.
    coalesce(
        judged.dependable_until,
        case
            when
                judged.was_usable
                and judged.expired_at > judged.last_seen
                and judged.expired_at <= judged.gone_at
                then judged.expired_at
            when judged.was_usable then judged.gone_at
        end
    ) as dependable_until,
    judged.first_seen,
    judged.last_seen, -- TIMESTAMP: Last complete snapshot with the backup.
    judged.gone_at, -- TIMESTAMP: First complete snapshot without the backup.
    -- VARCHAR: Classification of the disappearance: the first value that applies.
    judged.disappearance,
    judged.verdict, -- VARCHAR: Verdict of the classification: ok, fail or unknown.
    -- DOUBLE: Time from gone_at to the expiry, if it disappeared before its expiry.
    case
        when judged.expired_at > judged.gone_at
            then cast(
                date_diff(
                    'second',
                    date_trunc('second', judged.gone_at),
                    date_trunc('second', judged.expired_at)
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
from judged
left join vaults using (vault_id)
left join failures using (vault_id)
