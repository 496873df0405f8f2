-- One row per scope and input beside the backups: whether controls can use it.
-- kind: view
select
    scope,
    snapshots.snapshot_id,
    snapshots.as_of,
    input, -- VARCHAR: Name of the input.
    case
        when inputs.status is null or inputs.status = 'not_granted' then 'missing'
        when inputs.last_read_at is null then 'stale'
        when inputs.last_read_at
            < snapshots.as_of - settings.max_input_age_hours * interval '1' hour then 'stale'
        when not readings.complete then 'incomplete'
        else 'ready'
    end as state, -- VARCHAR: ready, incomplete, stale or missing.
    inputs.last_read_at,
    inputs.permission,
    inputs.problem
from staging.stg_snapshots as snapshots
cross join (
    values
        ('vaults'),
        ('policies'),
        ('protectables'),
        ('operations'),
        ('checkpoints'),
        ('audit_events')
) as names (input)
inner join policy.settings using (scope)
left join meta.inputs as inputs using (scope, input)
-- The reading that is used, which later ones may have failed to replace.
left join history.input_readings as readings
    on inputs.scope = readings.scope
    and inputs.input = readings.input
    and inputs.last_read_at = readings.as_of
