-- One row a scope: did all its vaults together lose more recovery points lately than their rules explain?
-- id: project-backup-count-drop
-- title: No project loses many recovery points without need
-- severity: high
-- version: 1
-- subject: scope
-- worse: higher
-- waiver: two approvers
-- parameters: deletion_window_days, mass_points, mass_percent
-- remedy: Treat it as an attack until you know better: few points of each vault may go where many of one would be seen.
with scopes as (
    select * from staging.stg_snapshots
),

points as (
    select * from intermediate.int_recovery_points where is_dependable
),

lost as (
    select * from intermediate.int_lost_points
),

settings as (
    select * from policy.settings
),

sampling as (
    select * from intermediate.int_sampling
),

held as (
    select scope, snapshot_id, count(*) as dependable from points group by scope, snapshot_id
),

gone as (
    select
        scope,
        snapshot_id,
        count(*) filter (where verdict = 'fail') as unexplained,
        count(*) filter (where verdict = 'unknown') as undecided,
        min(gone_at) filter (where verdict = 'fail') as first_gone_at,
        coalesce(list_sort(array_agg(backup_id) filter (where verdict = 'fail')), cast([] as varchar[])) as backup_ids
    from lost
    group by scope, snapshot_id
),

measured as (
    select
        n.scope,
        n.snapshot_id,
        m.has_history,
        g.first_gone_at,
        g.backup_ids,
        coalesce(g.unexplained, 0) as unexplained,
        coalesce(g.undecided, 0) as undecided,
        coalesce(h.dependable, 0) + coalesce(g.unexplained, 0) as would_be,
        greatest(s.mass_points, s.mass_percent * (coalesce(h.dependable, 0) + coalesce(g.unexplained, 0)) * 0.01) as least
    from scopes as n
    inner join settings as s on n.scope = s.scope and n.snapshot_id = s.snapshot_id
    inner join sampling as m on n.scope = m.scope and n.snapshot_id = m.snapshot_id
    left join held as h on n.scope = h.scope and n.snapshot_id = h.snapshot_id
    left join gone as g on n.scope = g.scope and n.snapshot_id = g.snapshot_id
),

judged as (
    select
        *,
        case
            when unexplained >= least then 'dropped'
            when not has_history then 'no_history'
            when unexplained + undecided >= least then 'undecided_losses'
            else 'no_drop'
        end as reason_code
    from measured
)

select
    scope,
    snapshot_id,
    scope as subject_id,
    case
        when reason_code = 'dropped' then 'fail'
        when reason_code = 'no_drop' then 'pass'
        else 'unknown'
    end as status,
    reason_code,
    case reason_code
        when 'no_history' then 'There is one snapshot only, so no loss can be seen.'
        else cast(unexplained as varchar) || ' of ' || cast(would_be as varchar) || ' points went without need in the window, and ' || cast(undecided as varchar) || ' more that can not be explained or blamed.'
    end as reason,
    unexplained as measured_value,
    'points' as measured_unit,
    least as threshold_value,
    coalesce(backup_ids, cast([] as varchar[])) as evidence_backup_ids,
    case when reason_code = 'dropped' then first_gone_at end as failing_since
from judged
