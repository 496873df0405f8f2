-- One row a holder of points: how many dependable ones it had on the days before the reading, and how unusual today's
-- number is.
with excluded as (
    select scope, snapshot_id, resource_id from intermediate.int_rules where exclusion_id is not null
),

lives as (
    -- What the policy takes out of scope does not count.
    select
        l.*,
        least(coalesce(l.gone_at, l.expired_at), coalesce(l.expired_at, l.gone_at)) as ended_at
    from history.backup_lifecycle as l
    left join excluded as x on l.scope = x.scope and l.resource_id = x.resource_id
    where l.was_usable and x.resource_id is null
),

points as (
    select p.*
    from intermediate.int_recovery_points as p
    left join excluded as x
        on p.scope = x.scope and p.snapshot_id = x.snapshot_id and p.resource_id = x.resource_id
    where p.is_dependable and x.resource_id is null
),

readings as (
    -- What was judged is remembered when its landing is pruned.
    select scope, project_id, as_of from meta.snapshots where complete
    union all
    select scope, project_id, as_of from history.result_counts
),

standing as (
    select * from staging.stg_snapshots
),

settings as (
    select * from policy.settings
),

holders as (
    select * from intermediate.int_vaults_and_scopes
),

moves as (
    select scope, vault_id, first_seen as moved_at, 1 as points from lives
    union all
    select scope, vault_id, ended_at as moved_at, -1 as points from lives where ended_at is not null
),

of_vaults as (
    select scope, vault_id, moved_at, sum(points) as points from moves group by scope, vault_id, moved_at
),

moved as (
    select scope, 'vault' as holder_kind, vault_id as holder_id, moved_at, points from of_vaults
    union all
    select scope, 'scope' as holder_kind, scope as holder_id, moved_at, points from of_vaults
),

days as (
    -- Of several readings of a day, the last one.
    select
        n.scope,
        n.snapshot_id,
        cast(s.as_of as date) as day,
        max(s.as_of) as read_at
    from standing as n
    inner join settings as t on n.scope = t.scope and n.snapshot_id = t.snapshot_id
    -- Where another project was read, nothing of it is usual here.
    inner join readings as s
        on n.scope = s.scope
        and n.project_id = s.project_id
        and cast(s.as_of as date) < cast(n.as_of as date)
        and s.as_of >= n.as_of - t.usual_total_days * interval '1' day
    group by n.scope, n.snapshot_id, cast(s.as_of as date)
),

totals as (
    select
        d.scope,
        d.snapshot_id,
        h.holder_kind,
        h.holder_id,
        d.day,
        coalesce(sum(m.points), 0) as points
    from days as d
    inner join holders as h on d.scope = h.scope and d.snapshot_id = h.snapshot_id
    left join moved as m
        on h.scope = m.scope
        and h.holder_kind = m.holder_kind
        and h.holder_id = m.holder_id
        and m.moved_at <= d.read_at
    group by d.scope, d.snapshot_id, h.holder_kind, h.holder_id, d.day
),

known as (
    -- A holder that was not there yet tells nothing of what is usual for it.
    select
        *,
        sum(points) over (partition by scope, snapshot_id, holder_kind, holder_id order by day) as points_until
    from totals
),

usual as (
    select
        scope,
        snapshot_id,
        holder_kind,
        holder_id,
        count(*) as days,
        median(points) as usual_total
    from known
    where points_until > 0
    group by scope, snapshot_id, holder_kind, holder_id
),

spread as (
    select
        k.scope,
        k.snapshot_id,
        k.holder_kind,
        k.holder_id,
        median(abs(k.points - u.usual_total)) as deviation
    from known as k
    inner join usual as u
        on k.scope = u.scope
        and k.snapshot_id = u.snapshot_id
        and k.holder_kind = u.holder_kind
        and k.holder_id = u.holder_id
    where k.points_until > 0
    group by k.scope, k.snapshot_id, k.holder_kind, k.holder_id
),

of_vaults_now as (
    select scope, snapshot_id, vault_id, count(*) as points from points group by scope, snapshot_id, vault_id
),

present as (
    select scope, snapshot_id, 'vault' as holder_kind, vault_id as holder_id, points from of_vaults_now
    union all
    select scope, snapshot_id, 'scope' as holder_kind, scope as holder_id, sum(points) as points
    from of_vaults_now
    group by scope, snapshot_id
)

select
    u.scope,
    u.snapshot_id,
    u.holder_kind,
    u.holder_id,
    u.days, -- BIGINT: Days before the reading that have one.
    u.usual_total, -- DOUBLE: The median of their numbers of points.
    s.deviation, -- DOUBLE: The median of how far they are from it.
    coalesce(p.points, 0) as points, -- BIGINT: Dependable points that the reading has.
    -- Of numbers that never move, one point more or less is taken for what is usual.
    cast(0.6745 * (u.usual_total - coalesce(p.points, 0)) as double) / nullif(greatest(s.deviation, 1.0), 0.0) as drop_score -- DOUBLE: How unusually few they are, in robust standard deviations.
from usual as u
inner join spread as s
    on u.scope = s.scope
    and u.snapshot_id = s.snapshot_id
    and u.holder_kind = s.holder_kind
    and u.holder_id = s.holder_id
left join present as p
    on u.scope = p.scope
    and u.snapshot_id = p.snapshot_id
    and u.holder_kind = p.holder_kind
    and u.holder_id = p.holder_id
