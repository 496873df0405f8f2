-- One row per vault of the service and day on which its capacity was read: the last value of the
-- day.
with readings as (
    -- What a list that is not whole lacks may still be there, with another value.
    select
        scope,
        snapshots.snapshot_id,
        snapshots.as_of,
        readings.as_of as read_at,
        cast(readings.as_of as date) as day
    from history.input_readings as readings
    inner join staging.stg_snapshots as snapshots using (scope)
    inner join policy.settings using (scope)
    where readings.input = 'vaults'
        and readings.status = 'granted'
        and readings.complete
        and readings.as_of <= snapshots.as_of
        and readings.as_of > snapshots.as_of - settings.look_back_days * interval '1' day
    qualify row_number() over (
        partition by scope, cast(readings.as_of as date) order by readings.as_of desc
    ) = 1
)

select
    scope,
    -- VARCHAR: Snapshot of the scope: the UTC second at which reading began, for example
    -- 20261123T020000Z.
    readings.snapshot_id,
    readings.as_of, -- TIMESTAMP: When reading began, in UTC. Controls compare with this time.
    vaults.id as vault_id, -- VARCHAR: ID of the vault.
    vaults.name as vault_name, -- VARCHAR: Name of the vault.
    readings.day, -- DATE: Day on which it was read, in UTC.
    readings.read_at, -- TIMESTAMP: When the capacity was read.
    vaults.billing_size as size_gb, -- BIGINT: Capacity. Unit: GB.
    -- DOUBLE: Used capacity. Unit: GB.
    cast(vaults.billing_used as double) / 1024.0 as used_gb,
    -- DOUBLE: Used share of the capacity. Unit: percent.
    cast(vaults.billing_used * 100 as double) / nullif(vaults.billing_size * 1024, 0)
        as used_percent,
    vaults.billing_used as used_mb, -- BIGINT: Used capacity. Unit: MB.
    -- DOUBLE: Days from as_of, negative in the past. Unit: d.
    cast(
        date_diff(
            'second',
            date_trunc('second', readings.as_of),
            date_trunc('second', readings.read_at)
        ) as double
    ) / 86400.0 as days_from_as_of
from readings
inner join history.vaults as vaults using (scope)
where vaults.valid_from <= readings.read_at and vaults.last_seen >= readings.read_at
