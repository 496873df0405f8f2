-- One row per vault of the service: how fast its used capacity grows, and when it will be full.
-- The growth is the Theil-Sen slope, the median of the slopes between all pairs of days; its range
-- is the interval of Sen (1968) with 95 % confidence.
with usage_days as (
    select usage.*
    from intermediate.int_vault_usage as usage
    inner join policy.settings using (scope)
    where usage.used_mb is not null
        and usage.read_at > usage.as_of - settings.usage_days * interval '1' day
),

slopes as (
    select
        scope,
        earlier.vault_id,
        cast(later.used_gb - earlier.used_gb as double)
        / nullif(later.days_from_as_of - earlier.days_from_as_of, 0) as slope
    from usage_days as earlier
    inner join usage_days as later using (scope, vault_id)
    where later.day > earlier.day
),

ranked_slopes as (
    select
        *,
        row_number() over (partition by scope, vault_id order by slope) as slope_rank,
        count(*) over (partition by scope, vault_id) as slopes
    from slopes
),

equal_values as (
    select scope, vault_id, used_mb, count(*) as days
    from usage_days
    group by scope, vault_id, used_mb
),

variances as (
    -- Eighteen times the variance of Kendall's S. Days with the same value reduce it.
    select
        scope,
        vault_id,
        sum(days) * (sum(days) - 1) * (2 * sum(days) + 5)
        - sum(days * (days - 1) * (2 * days + 5)) as variance
    from equal_values
    group by scope, vault_id
),

growth as (
    -- The ranks of the bounds are half the number of slopes, less and more half of 1.96 standard
    -- deviations of S, rounded; 3.84 is the square of 1.96, which saves the root.
    select
        scope,
        vault_id,
        median(ranked.slope) as growth,
        coalesce(
            max(ranked.slope) filter (
                where ranked.slopes + 1 >= 2 * ranked.slope_rank
                    and 18 * (ranked.slopes + 1 - 2 * ranked.slope_rank)
                    * (ranked.slopes + 1 - 2 * ranked.slope_rank)
                    >= 3.841458820694124 * variances.variance
            ),
            min(ranked.slope)
        ) as least_growth,
        coalesce(
            min(ranked.slope) filter (
                where 2 * ranked.slope_rank > ranked.slopes + 1
                    and 18 * (2 * ranked.slope_rank - ranked.slopes - 1)
                    * (2 * ranked.slope_rank - ranked.slopes - 1)
                    > 3.841458820694124 * variances.variance
            ),
            max(ranked.slope)
        ) as most_growth
    from ranked_slopes as ranked
    inner join variances using (scope, vault_id)
    group by scope, vault_id
),

counts as (
    select scope, vault_id, count(*) as days from usage_days group by scope, vault_id
),

vaults as (
    select
        vaults.scope,
        settings.snapshot_id,
        vaults.id as vault_id,
        counts.days,
        growth.growth,
        growth.least_growth,
        growth.most_growth,
        vaults.billing_size as size_gb,
        cast(vaults.billing_used * 100 as double) / nullif(vaults.billing_size * 1024, 0)
            as used_percent,
        vaults.billing_size - cast(vaults.billing_used as double) / 1024 as free_gb
    from cbr.vaults as vaults
    inner join policy.settings as settings on vaults.scope = settings.scope
    left join counts
        on vaults.scope = counts.scope
        and vaults.id = counts.vault_id
        and counts.days >= settings.usage_least_days
    left join growth on counts.scope = growth.scope and counts.vault_id = growth.vault_id
)

select
    scope,
    -- VARCHAR: Snapshot of the scope: the UTC second at which reading began, for example
    -- 20261123T020000Z.
    snapshot_id,
    vault_id, -- VARCHAR: ID of the vault.
    size_gb, -- BIGINT: Capacity. Unit: GB.
    used_percent, -- DOUBLE: Used share of the capacity. Unit: percent.
    -- BIGINT: Number of days that the growth is computed from. Null if there are too few.
    days,
    growth as growth_gb_per_day, -- DOUBLE: Growth of the used capacity. Unit: GB/d.
    least_growth as least_growth_gb_per_day, -- DOUBLE: Lower bound of the growth. Unit: GB/d.
    most_growth as most_growth_gb_per_day, -- DOUBLE: Upper bound of the growth. Unit: GB/d.
    -- DOUBLE: Days until it is full, if it goes on growing. Null if it does not grow. Unit: d.
    case
        when growth > 0 then cast(greatest(free_gb, 0) as double) / nullif(growth, 0)
    end as days_to_full,
    -- DOUBLE: Days until it is full at the upper bound of the growth. Unit: d.
    case
        when most_growth > 0 then cast(greatest(free_gb, 0) as double) / nullif(most_growth, 0)
    end as least_days_to_full,
    -- DOUBLE: Days until it is full at the lower bound of the growth. Null: it may never be.
    -- Unit: d.
    case
        when least_growth > 0 then cast(greatest(free_gb, 0) as double) / nullif(least_growth, 0)
    end as most_days_to_full
from vaults
