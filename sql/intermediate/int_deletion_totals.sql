-- One row per vault, and one per scope: its points, its recent losses, and whether they are more
-- than its retention rules explain.
with lost_points as (
    -- Points that the policy excludes do not count.
    select points.*
    from intermediate.int_lost_points as points
    left join intermediate.int_rules as rules using (scope, resource_id)
    where rules.exclusion_id is null
),

holder_losses as (
    select scope, 'vault' as holder_kind, vault_id as holder_id, backup_id, verdict, gone_at
    from lost_points
    union all
    select scope, 'scope' as holder_kind, scope as holder_id, backup_id, verdict, gone_at
    from lost_points
),

losses as (
    select
        scope,
        holder_kind,
        holder_id,
        count(*) filter (where verdict = 'fail') as unexplained,
        count(*) filter (where verdict = 'unknown') as undecided,
        min(gone_at) filter (where verdict = 'fail') as first_gone_at,
        coalesce(
            list_sort(array_agg(backup_id) filter (where verdict = 'fail')), cast([] as varchar[])
        ) as backup_ids
    from holder_losses
    group by scope, holder_kind, holder_id
),

holder_totals as (
    select
        scope,
        holders.snapshot_id,
        holder_kind,
        holder_id,
        holders.points,
        losses.first_gone_at,
        losses.backup_ids,
        coalesce(losses.unexplained, 0) as unexplained,
        coalesce(losses.undecided, 0) as undecided,
        holders.points + coalesce(losses.unexplained, 0) as would_be,
        baselines.usual_total,
        coalesce(baselines.days, 0) < settings.usual_total_least_days as is_learning,
        coalesce(
            baselines.drop_score > settings.unusual_score
            and baselines.usual_total - holders.points >= greatest(
                settings.mass_points, settings.mass_percent * baselines.usual_total * 0.01
            ),
            false
        ) as is_score_unusual,
        sampling.has_history,
        settings.mass_points,
        settings.mass_percent
    from intermediate.int_vaults_and_scopes as holders
    inner join policy.settings using (scope)
    inner join intermediate.int_sampling as sampling using (scope)
    left join intermediate.int_point_count_baselines as baselines
        using (scope, holder_kind, holder_id)
    left join losses using (scope, holder_kind, holder_id)
),

loss_limits as (
    select
        *,
        is_score_unusual and not is_learning as is_unusual,
        greatest(mass_points, mass_percent * would_be * 0.01) as least
    from holder_totals
),

loss_verdicts as (
    select
        *,
        case
            when unexplained >= least then 'dropped'
            when is_unusual then 'unusually_few'
            when not has_history then 'no_history'
            when unexplained + undecided >= least then 'undecided_losses'
            else 'no_drop'
        end as reason_code
    from loss_limits
)

select
    scope,
    snapshot_id,
    holder_kind,
    holder_id,
    reason_code, -- VARCHAR: Reason code.
    unexplained, -- BIGINT: Number of points lost in the window without explanation.
    undecided, -- BIGINT: Number of points lost in the window for unknown reasons.
    would_be, -- BIGINT: Number of points without the unexplained losses.
    points, -- BIGINT: Number of points, for comparison with usual_count.
    cast(floor(usual_total) as bigint) as usual_count, -- BIGINT: Usual number of points.
    case
        when is_learning then '; the usual number is not known yet'
        else ''
    end as learning_note, -- VARCHAR: Note while there are too few days for a usual number.
    least, -- DOUBLE: Number of unexplained losses that is too many.
    coalesce(backup_ids, cast([] as varchar[])) as backup_ids, -- VARCHAR[]: IDs of the lost points.
    case when reason_code = 'dropped' then first_gone_at end
        as failing_since -- TIMESTAMP: When the first of them was missing, if they are too many.
from loss_verdicts
