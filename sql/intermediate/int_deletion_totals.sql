-- One row a holder of points: what it holds, what it lost lately, and whether that is more than its rules explain.
with holders as (
    select * from intermediate.int_vaults_and_scopes
),

excluded as (
    select scope, snapshot_id, resource_id from intermediate.int_rules where exclusion_id is not null
),

points as (
    -- What the policy takes out of scope does not count.
    select p.*
    from intermediate.int_recovery_points as p
    left join excluded as x
        on p.scope = x.scope and p.snapshot_id = x.snapshot_id and p.resource_id = x.resource_id
    where p.is_dependable and x.resource_id is null
),

lost as (
    select l.*
    from intermediate.int_lost_points as l
    left join excluded as x
        on l.scope = x.scope and l.snapshot_id = x.snapshot_id and l.resource_id = x.resource_id
    where x.resource_id is null
),

settings as (
    select * from policy.settings
),

sampling as (
    select * from intermediate.int_sampling
),

totals as (
    select * from intermediate.int_point_count_baselines
),

held_by_vault as (
    select scope, snapshot_id, vault_id, count(*) as dependable from points group by scope, snapshot_id, vault_id
),

held as (
    select scope, snapshot_id, 'vault' as holder_kind, vault_id as holder_id, dependable from held_by_vault
    union all
    select scope, snapshot_id, 'scope' as holder_kind, scope as holder_id, sum(dependable) as dependable
    from held_by_vault
    group by scope, snapshot_id
),

lost_from as (
    select scope, snapshot_id, 'vault' as holder_kind, vault_id as holder_id, backup_id, verdict, gone_at from lost
    union all
    select scope, snapshot_id, 'scope' as holder_kind, scope as holder_id, backup_id, verdict, gone_at from lost
),

gone as (
    select
        scope,
        snapshot_id,
        holder_kind,
        holder_id,
        count(*) filter (where verdict = 'fail') as unexplained,
        count(*) filter (where verdict = 'unknown') as undecided,
        min(gone_at) filter (where verdict = 'fail') as first_gone_at,
        coalesce(list_sort(array_agg(backup_id) filter (where verdict = 'fail')), cast([] as varchar[])) as backup_ids
    from lost_from
    group by scope, snapshot_id, holder_kind, holder_id
),

measured as (
    select
        h.*,
        m.has_history,
        g.first_gone_at,
        g.backup_ids,
        coalesce(g.unexplained, 0) as unexplained,
        coalesce(g.undecided, 0) as undecided,
        coalesce(d.dependable, 0) + coalesce(g.unexplained, 0) as would_be,
        coalesce(t.days, 0) < s.usual_total_least_days as is_learning,
        t.points,
        t.usual_total,
        coalesce(
            t.days >= s.usual_total_least_days
            and t.drop_score > s.unusual_score
            and t.usual_total - t.points >= greatest(s.mass_points, s.mass_percent * t.usual_total * 0.01),
            false
        ) as is_unusual,
        greatest(s.mass_points, s.mass_percent * (coalesce(d.dependable, 0) + coalesce(g.unexplained, 0)) * 0.01) as least
    from holders as h
    inner join settings as s on h.scope = s.scope and h.snapshot_id = s.snapshot_id
    inner join sampling as m on h.scope = m.scope and h.snapshot_id = m.snapshot_id
    left join totals as t
        on h.scope = t.scope
        and h.snapshot_id = t.snapshot_id
        and h.holder_kind = t.holder_kind
        and h.holder_id = t.holder_id
    left join held as d
        on h.scope = d.scope
        and h.snapshot_id = d.snapshot_id
        and h.holder_kind = d.holder_kind
        and h.holder_id = d.holder_id
    left join gone as g
        on h.scope = g.scope
        and h.snapshot_id = g.snapshot_id
        and h.holder_kind = g.holder_kind
        and h.holder_id = g.holder_id
),

judged as (
    select
        *,
        case
            when unexplained >= least then 'dropped'
            when is_unusual then 'unusually_few'
            when not has_history then 'no_history'
            when unexplained + undecided >= least then 'undecided_losses'
            else 'no_drop'
        end as reason_code
    from measured
)

select
    scope,
    snapshot_id,
    holder_kind,
    holder_id,
    reason_code, -- VARCHAR: Why.
    unexplained, -- BIGINT: Points that went without need in the window.
    undecided, -- BIGINT: Points that went, it is not known why.
    would_be, -- BIGINT: Points that it would hold without the unexplained losses.
    points, -- BIGINT: Points that it holds, as they are compared with what is usual.
    cast(floor(usual_total) as bigint) as usual_count, -- BIGINT: Points that are usual for it.
    case
        when is_learning then '; how many are usual is still being learned' else ''
    end as learning_note, -- VARCHAR: Ends the sentence while too few days are counted to tell what is usual.
    least, -- DOUBLE: How many of them are too many.
    coalesce(backup_ids, cast([] as varchar[])) as backup_ids, -- VARCHAR[]: Those points.
    case when reason_code = 'dropped' then first_gone_at end as failing_since -- TIMESTAMP: When the first of them was missed, where they are too many.
from judged
