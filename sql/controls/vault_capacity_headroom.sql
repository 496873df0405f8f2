-- One row per vault of the service: has it room for the backups of the next days?
-- id: vault-capacity-headroom
-- title: No vault is full or will soon be
-- severity: high
-- version: 1
-- subject: service_vault
-- worse: higher
-- parameters: max_used_percent, full_days, usage_days, usage_least_days, look_back_days,
--   max_input_age_hours
-- remedy: Expand the vault, turn on automatic expansion, or move resources to another vault. A full
--   vault skips backups without an error.
-- reasons:
--   room_left: pass: {shown_percent} % of its {size_gb} GB are used; less than {max_used_percent} %
--     is required. {forecast}.
--   room_left_now: pass: {shown_percent} % of its {size_gb} GB are used; less than
--     {max_used_percent} % is required. There are too few days for a forecast.
--   expands: pass: {shown_percent} % of its {size_gb} GB are used; its capacity grows by itself.
--   nearly_full: fail: {shown_percent} % of its {size_gb} GB are used; less than
--     {max_used_percent} % is required. {forecast}.
--   full_soon: fail: {shown_percent} % of its {size_gb} GB are used. {forecast}; it should last for
--     more than {full_days} days.
--   usage_not_known: unknown: The service does not say how much of it is used, or its capacity.
--   input_incomplete: unknown: The list of vaults is not proven complete: there may be others.
--   input_stale: unknown: The vaults were not read lately.
--   input_missing: not_applicable: The vaults are not read: the account needs cbr:vaults:list.
with vaults as (
    select
        vaults.*,
        coalesce(present.auto_expand, false) as expands,
        forecasts.size_gb,
        forecasts.used_percent,
        forecasts.days,
        forecasts.growth_gb_per_day,
        forecasts.days_to_full,
        forecasts.least_days_to_full,
        forecasts.most_days_to_full
    from intermediate.int_service_vaults as vaults
    left join cbr.vaults as present
        on vaults.scope = present.scope and vaults.vault_id = present.id
    left join intermediate.int_vault_forecasts as forecasts
        on vaults.scope = forecasts.scope and vaults.vault_id = forecasts.vault_id
)

select
    scope,
    vaults.snapshot_id,
    subject_id,
    case
        when vaults.vaults_state = 'missing' then 'input_missing'
        when vaults.vaults_state = 'stale' then 'input_stale'
        when vaults.vault_id is null then 'input_incomplete'
        when vaults.used_percent is null then 'usage_not_known'
        when vaults.expands then 'expands'
        when vaults.used_percent >= settings.max_used_percent then 'nearly_full'
        when vaults.days is null then 'room_left_now'
        when vaults.days_to_full <= settings.full_days then 'full_soon'
        else 'room_left'
    end as reason_code,
    vaults.used_percent as measured_value,
    '%' as measured_unit,
    settings.max_used_percent as threshold_value,
    cast(floor(vaults.used_percent * 10.0) as double) / 10.0 as shown_percent,
    vaults.size_gb,
    settings.max_used_percent,
    settings.full_days,
    case
        when vaults.days is null then 'There are too few days for a forecast'
        when vaults.days_to_full is null then 'Its use does not grow'
        else 'It will be full in '
            || cast(cast(floor(vaults.days_to_full) as bigint) as varchar)
            || ' days ('
            || cast(cast(floor(vaults.least_days_to_full) as bigint) as varchar)
            || coalesce(
                ' to ' || cast(cast(floor(vaults.most_days_to_full) as bigint) as varchar),
                ' or more'
            )
            || ' with 95 % confidence)'
    end as forecast,
    vaults.days_to_full, -- DOUBLE: Days until it is full. Null if it does not grow. Unit: d.
    -- DOUBLE: Lower bound of days_to_full, with 95 % confidence. Unit: d.
    vaults.least_days_to_full,
    -- DOUBLE: Upper bound of days_to_full. Null: it may never be full. Unit: d.
    vaults.most_days_to_full
from vaults
inner join policy.settings using (scope)
