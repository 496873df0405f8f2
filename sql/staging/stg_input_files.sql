-- One row per scope and input that may be a file of the user: whether controls can use it.
-- kind: view
select
    scope,
    snapshots.snapshot_id,
    snapshots.as_of,
    file_input, -- VARCHAR: Name of the input.
    case
        when input_files.modified_at is null then 'missing'
        when input_files.modified_at
            < snapshots.as_of - settings.max_input_age_hours * interval '1' hour then 'stale'
        else 'ready'
    end as state, -- VARCHAR: ready, stale or missing.
    input_files.path,
    input_files.modified_at
from staging.stg_snapshots as snapshots
cross join (
    values
        ('inventory'),
        ('restore_tests'),
        ('audit_events')
) as names (file_input)
inner join policy.settings using (scope)
left join meta.input_files as input_files on names.file_input = input_files.name
