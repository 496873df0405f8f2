-- One row a recovery point of the complete snapshot before that the next one has no more: as it was last seen, and
-- the first class that fits.
with snapshots as (
    select * from fold.places
),

left_over as (
    select * from fold.points where side = 'now'
),

present as (
    -- Whatever the new snapshot has is not gone, be it no point of its own any more.
    select id from now.backups
),

old as (
    select
        w.*,
        p.id is null as is_gone,
        coalesce(n.is_kept_by_count and (n.is_usable or n.is_going), false) as is_still_counted
    from fold.points as w
    left join present as p on w.id = p.id
    left join left_over as n on w.id = n.id
    where w.side = 'was'
),

rotations as (
    -- Rotation takes the oldest: everything left is younger than everything that went.
    select
        resource_id,
        image_type,
        max(case when is_gone then created_at end) as youngest_gone,
        min(case when not is_gone then created_at end) as oldest_left,
        bool_or(is_still_counted) as is_any_counted
    from old
    where was_made and is_kept_by_count
    group by resource_id, image_type
),

turnovers as (
    -- How far apart the points are that are kept by count, and the two snapshots' own ones from each other.
    select
        resource_id,
        image_type,
        date_diff(
            'second',
            date_trunc('second', max(created_at) filter (where side = 'was')),
            date_trunc('second', min(created_at) filter (where side = 'now'))
        )
            as apart_seconds,
        greatest(
            cast(date_diff(
                'second',
                date_trunc('second', min(created_at) filter (where side = 'was')),
                date_trunc('second', max(created_at) filter (where side = 'was'))
            ) as double)
            / nullif(count(*) filter (where side = 'was') - 1, 0),
            cast(date_diff(
                'second',
                date_trunc('second', min(created_at) filter (where side = 'now')),
                date_trunc('second', max(created_at) filter (where side = 'now'))
            ) as double)
            / nullif(count(*) filter (where side = 'now') - 1, 0)
        ) as interval_seconds
    from fold.points
    where was_made and is_kept_by_count
    group by resource_id, image_type
),

counts as (
    -- Whichever vault holds them, a rule counts the points of a resource.
    select
        coalesce(b.resource_id, n.resource_id) as resource_id,
        coalesce(b.image_type, n.image_type) as image_type,
        coalesce(n.depth, 0) as depth,
        coalesce(b.depth, 0) as depth_was,
        coalesce(least(b.depth, coalesce(b.depth_before, b.depth), coalesce(b.depth_before_that, b.depth)), 0)
            as lowest_before,
        coalesce(b.depth > b.depth_before and b.depth_before > b.depth_before_that, false) as was_rising
    from fold.depths as n
    full outer join was.depths as b on n.resource_id = b.resource_id and n.image_type = b.image_type
),

lowest as (
    select
        *,
        depth >= lowest_before as is_deep_enough,
        was_rising and depth < depth_was as lost_while_rising
    from counts
),

newest as (
    select
        resource_id,
        image_type,
        max(created_at) as newest_left
    from left_over
    where is_usable
    group by resource_id, image_type
),

newest_before as (
    select
        resource_id,
        image_type,
        max(created_at) as newest_before
    from old
    where is_usable
    group by resource_id, image_type
),

days as (
    select
        resource_id,
        image_type,
        date_trunc('day', created_at) as day_of,
        min(created_at) as oldest_of_day
    from left_over
    where is_usable and coalesce(is_auto, false)
    group by resource_id, image_type, date_trunc('day', created_at)
),

months as (
    select
        resource_id,
        image_type,
        date_trunc('month', created_at) as month_of,
        max(created_at) as newest_in_month
    from left_over
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

classed as (
    select
        o.*,
        s.last_seen,
        s.gone_at,
        case
            when not s.is_same_place then 'vault_or_project_not_seen'
            when not o.was_made and (o.status in ('error', 'protecting', 'waiting_protect') or o.is_going)
                then 'failed_or_inflight_cleanup'
            when o.is_expiry_unreadable then 'expiry_unreadable'
            when o.expired_at <= s.read_by then 'expired'
            when o.expired_at > s.read_by then 'deleted_early'
            when not o.is_auto then 'manual_deleted'
            when o.is_auto is null or not o.was_made then 'deleted_unexplained'
            when coalesce(n.newest_left <= o.created_at, true) then 'deleted_unexplained'
            when not r.is_any_counted and t.apart_seconds > 1.5 * t.interval_seconds and l.is_deep_enough
                then 'rotation_faster_than_sampling'
            when r.youngest_gone < r.oldest_left or r.oldest_left is null
                then case
                    when not l.is_deep_enough then 'deleted_unexplained'
                    -- While the count rises no rule takes anything, unless it has just begun to.
                    when l.lost_while_rising then 'rotation_may_have_begun'
                    else 'rotated_by_count'
                end
            -- A rule that thins out keeps the newest of a day, and never takes the newest of all.
            when o.is_usable and o.created_at >= w.newest_before then 'deleted_unexplained'
            when d.oldest_of_day < o.created_at then 'deleted_unexplained'
            when m.newest_in_month > o.created_at then 'possible_gfs_thinning'
            else 'deleted_unexplained'
        end as disappearance
    from old as o
    cross join snapshots as s
    left join rotations as r
        on o.resource_id = r.resource_id and o.image_type = r.image_type
    left join turnovers as t
        on o.resource_id = t.resource_id and o.image_type = t.image_type
    left join lowest as l
        on o.resource_id = l.resource_id and o.image_type = l.image_type
    left join newest as n on o.resource_id = n.resource_id and o.image_type = n.image_type
    left join newest_before as w on o.resource_id = w.resource_id and o.image_type = w.image_type
    left join days as d
        on o.resource_id = d.resource_id and o.image_type = d.image_type
        and date_trunc('day', o.created_at) = d.day_of
    left join months as m
        on o.resource_id = m.resource_id and o.image_type = m.image_type
        and date_trunc('month', o.created_at) = m.month_of
    where o.is_gone
),

judged as (
    select
        c.*,
        case
            when c.disappearance in ('failed_or_inflight_cleanup', 'expired', 'rotated_by_count') then 'ok'
            when c.disappearance in ('deleted_early', 'manual_deleted', 'deleted_unexplained') then 'fail'
            else 'unknown'
        end as verdict
    from classed as c
),

failed as (
    select vault_id, count(*) as points from judged where verdict = 'fail' group by vault_id
)

select
    j.scope,
    j.id,
    j.resource_id,
    j.resource_name,
    j.resource_type,
    j.enterprise_project_id,
    nullif(j.vault_id, '') as vault_id,
    j.image_type,
    j.status,
    j.created_at,
    j.protected_at,
    j.updated_at,
    j.expired_at,
    j.is_auto,
    j.was_usable,
    j.was_failed,
    coalesce(
        j.dependable_until,
        case when j.was_usable and j.expired_at > j.last_seen and j.expired_at <= j.gone_at then j.expired_at end,
        case when j.was_usable then j.gone_at end
    ) as dependable_until, -- TIMESTAMP: When it expired, or the first complete snapshot in which it can't be restored from.
    j.first_seen,
    j.last_seen, -- TIMESTAMP: The last complete snapshot that has it.
    j.gone_at, -- TIMESTAMP: The first complete snapshot that has it no more.
    j.disappearance, -- VARCHAR: What became of it: the first class that fits.
    j.verdict, -- VARCHAR: ok, fail, or unknown.
    case
        when j.expired_at > j.gone_at
            then cast(date_diff('second', date_trunc('second', j.gone_at), date_trunc('second', j.expired_at)) as double)
                / 86400.0
    end as days_early, -- DOUBLE: From its absence to its expiry, where it went before.
    v.points_before as vault_points_before, -- BIGINT: Points of its vault in the last snapshot that has it.
    v.points_after as vault_points_after, -- BIGINT: Points of its vault in the first that has it no more.
    coalesce(f.points, 0) as vault_failed_with_it -- BIGINT: Points of its vault that went in the same interval with verdict fail.
from judged as j
left join vaults as v on j.vault_id = v.vault_id
left join failed as f on j.vault_id = f.vault_id
