-- One row a vault: did it lose more recovery points lately than its rules explain, or has it unusually few?
-- id: backup-count-drop
-- title: No vault loses many recovery points without need
-- severity: high
-- version: 2
-- subject: vault
-- worse: higher
-- waiver: two approvers
-- parameters: deletion_window_days, mass_points, mass_percent, usual_total_days, usual_total_least_days, unusual_score
-- remedy: Treat it as an attack until you know better: lock the vault, look who deleted, keep the copies elsewhere.
with vaults as (
    select * from intermediate.int_vaults
),

points as (
    select * from intermediate.int_recovery_points
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

totals as (
    select * from intermediate.int_vault_totals
),

held as (
    select
        scope,
        snapshot_id,
        vault_id,
        count(*) filter (where is_dependable) as dependable
    from points
    group by scope, snapshot_id, vault_id
),

gone as (
    select
        scope,
        snapshot_id,
        vault_id,
        count(*) filter (where verdict = 'fail') as unexplained,
        count(*) filter (where verdict = 'unknown') as undecided,
        min(gone_at) filter (where verdict = 'fail') as first_gone_at,
        coalesce(list_sort(array_agg(backup_id) filter (where verdict = 'fail')), cast([] as varchar[])) as backup_ids
    from lost
    group by scope, snapshot_id, vault_id
),

measured as (
    select
        v.scope,
        v.snapshot_id,
        v.vault_id,
        m.has_history,
        g.first_gone_at,
        g.backup_ids,
        coalesce(g.unexplained, 0) as unexplained,
        coalesce(g.undecided, 0) as undecided,
        coalesce(h.dependable, 0) + coalesce(g.unexplained, 0) as would_be,
        coalesce(t.days, 0) as days,
        s.usual_total_least_days,
        t.points,
        t.usual_total,
        coalesce(
            t.days >= s.usual_total_least_days
            and t.drop_score > s.unusual_score
            and t.usual_total - t.points >= greatest(s.mass_points, s.mass_percent * t.usual_total * 0.01),
            false
        ) as is_unusual,
        greatest(s.mass_points, s.mass_percent * (coalesce(h.dependable, 0) + coalesce(g.unexplained, 0)) * 0.01) as least
    from vaults as v
    inner join settings as s on v.scope = s.scope and v.snapshot_id = s.snapshot_id
    inner join sampling as m on v.scope = m.scope and v.snapshot_id = m.snapshot_id
    left join totals as t on v.scope = t.scope and v.snapshot_id = t.snapshot_id and v.vault_id = t.vault_id
    left join held as h on v.scope = h.scope and v.snapshot_id = h.snapshot_id and v.vault_id = h.vault_id
    left join gone as g on v.scope = g.scope and v.snapshot_id = g.snapshot_id and v.vault_id = g.vault_id
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
    vault_id as subject_id,
    case
        when reason_code in ('dropped', 'unusually_few') then 'fail'
        when reason_code = 'no_drop' then 'pass'
        else 'unknown'
    end as status,
    reason_code,
    case reason_code
        when 'no_history' then 'There is one snapshot only, so no loss can be seen.'
        when 'unusually_few' then 'It has ' || cast(points as varchar) || ' points, and ' || cast(cast(floor(usual_total) as bigint) as varchar) || ' are usual for it.'
        else cast(unexplained as varchar) || ' of ' || cast(would_be as varchar) || ' points went without need in the window, and ' || cast(undecided as varchar) || ' more that can not be explained or blamed' || case when days < usual_total_least_days then '; how many are usual is still being learned.' else '.' end
    end as reason,
    unexplained as measured_value,
    'points' as measured_unit,
    least as threshold_value,
    coalesce(backup_ids, cast([] as varchar[])) as evidence_backup_ids,
    case when reason_code = 'dropped' then first_gone_at end as failing_since
from judged
