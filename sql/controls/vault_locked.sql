-- One row per vault of the service: is it locked, and do its recovery points have what the lock
-- keeps?
-- id: vault-locked
-- title: Vaults of critical data are locked, and the lock keeps their recovery points
-- severity: high
-- version: 1
-- subject: service_vault
-- worse: lower
-- parameters: immutability, min_locked_percent, max_input_age_hours
-- remedy: Lock the vault, which can't be undone, and keep backups by days: the lock keeps automatic
--   recovery points until they expire, and no others.
-- reasons:
--   locked: pass: It is locked, and {kept} of its {points} dependable points are automatic and have
--     an expiry; {min_locked_percent} % are required.
--   not_locked: fail: It is not locked: its {points} dependable points can be deleted.
--   points_not_kept: fail: It is locked, and {kept} of its {points} dependable points are automatic
--     and have an expiry; {min_locked_percent} % are required.
--   lock_not_said: unknown: The service does not say whether it is locked.
--   points_not_known: unknown: Of its {points} dependable points, the lock keeps {kept}; of
--     {undecided} the expiry or the origin is not known.
--   input_incomplete: unknown: The list of vaults is not proven complete: there may be others.
--   input_stale: unknown: The vaults were not read lately.
--   not_required: not_applicable: The tier does not require a copy that nobody can delete.
--   no_points: not_applicable: It has no dependable recovery point.
--   input_missing: not_applicable: The vaults are not read: the account needs cbr:vaults:list.
with points as (
    -- What may be dependable counts: an expiry that can't be read may be one.
    select
        points.scope,
        points.vault_id,
        points.backup_id,
        points.is_auto and points.retention_kind = 'dated' as is_kept,
        (points.is_auto is null or points.is_auto)
        and points.retention_kind in ('dated', 'unreadable') as may_be_kept
    from intermediate.int_recovery_points as points
    left join intermediate.int_rules as rules
        on points.scope = rules.scope and points.resource_id = rules.resource_id
    where coalesce(points.is_dependable, true) and rules.exclusion_id is null
),

totals as (
    select
        scope,
        vault_id,
        count(*) as points,
        count(*) filter (where is_kept) as kept,
        count(*) filter (where may_be_kept) as perhaps_kept,
        coalesce(
            list_sort(array_agg(backup_id) filter (where not may_be_kept)), cast([] as varchar[])
        ) as unkept_ids
    from points
    group by scope, vault_id
)

select
    vaults.scope,
    vaults.snapshot_id,
    vaults.subject_id,
    case
        when vaults.vaults_state = 'missing' then 'input_missing'
        when vaults.vaults_state = 'stale' then 'input_stale'
        when vaults.vault_id is null then 'input_incomplete'
        when vaults.immutability <> 'required' then 'not_required'
        when totals.points is null then 'no_points'
        when present.locked is null then 'lock_not_said'
        when not present.locked then 'not_locked'
        when totals.kept * 100 >= settings.min_locked_percent * totals.points then 'locked'
        when totals.perhaps_kept * 100 < settings.min_locked_percent * totals.points
            then 'points_not_kept'
        else 'points_not_known'
    end as reason_code,
    100.0 * (
        cast(case when present.locked then totals.kept else 0 end as double)
        / nullif(totals.points, 0)
    ) as measured_value,
    '%' as measured_unit,
    settings.min_locked_percent as threshold_value,
    totals.unkept_ids as evidence_backup_ids,
    totals.points,
    totals.kept,
    totals.perhaps_kept - totals.kept as undecided,
    settings.min_locked_percent
from intermediate.int_service_vaults as vaults
inner join policy.settings as settings on vaults.scope = settings.scope
left join cbr.vaults as present
    on vaults.scope = present.scope and vaults.vault_id = present.id
left join totals on vaults.scope = totals.scope and vaults.vault_id = totals.vault_id
