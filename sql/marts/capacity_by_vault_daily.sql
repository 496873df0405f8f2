-- One row per vault of the service and day on which it was read: its capacity, how much of it was
-- used, and today's forecast of the vault.
-- kind: view
select
    scope,
    usage.snapshot_id,
    usage.day,
    vault_id,
    usage.vault_name,
    usage.size_gb,
    usage.used_gb,
    usage.used_percent,
    forecasts.growth_gb_per_day,
    forecasts.least_growth_gb_per_day,
    forecasts.most_growth_gb_per_day,
    forecasts.days_to_full,
    forecasts.least_days_to_full,
    forecasts.most_days_to_full,
    -- DATE: Day on which it will be full. Null if it does not grow, or not within ten years.
    case
        when forecasts.days_to_full <= 3650
            then cast(
                usage.as_of + cast(floor(forecasts.days_to_full) as bigint) * interval '1' day
                as date
            )
    end as full_on
from intermediate.int_vault_usage as usage
left join intermediate.int_vault_forecasts as forecasts using (scope, vault_id)
