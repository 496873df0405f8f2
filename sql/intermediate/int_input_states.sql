-- One row per scope and record that the service or a file of the user may give: the list of
-- resources, and the record of restores. A file speaks of the scopes that it names.
-- kind: view
with file_scopes as (
    select 'inventory' as file_input, scope from cbr.inventory group by scope
    union all
    select 'restore_tests' as file_input, scope from cbr.restore_tests group by scope
),

states as (
    select
        scope,
        services.snapshot_id,
        services.as_of,
        case when services.input = 'protectables' then 'inventory' else 'restores' end as input,
        services.state as service_state,
        case when file_scopes.scope is null then 'missing' else files.state end as file_state,
        services.last_read_at,
        case when file_scopes.scope is not null then files.modified_at end as modified_at
    from staging.stg_inputs as services
    inner join staging.stg_input_files as files using (scope)
    left join file_scopes using (scope, file_input)
    where (services.input = 'protectables' and files.file_input = 'inventory')
        or (services.input = 'operations' and files.file_input = 'restore_tests')
)

select
    scope,
    snapshot_id,
    as_of,
    input, -- VARCHAR: inventory or restores.
    service_state, -- VARCHAR: State of the record of the service.
    file_state, -- VARCHAR: State of the file. missing if the file does not name the scope.
    case
        when file_state = 'missing' then service_state
        when service_state = 'missing' then file_state
        -- A whole list of the service has all resources; a file does not make another one whole.
        when input = 'inventory' and (service_state = 'ready' or file_state = 'stale')
            then service_state
        -- Both records of restores may have one of their own.
        when service_state = file_state then service_state
        else 'incomplete'
    end as state, -- VARCHAR: ready, incomplete, stale or missing: whether controls can use it.
    -- TIMESTAMP: When it was last read, or the file last modified, whichever is later.
    coalesce(greatest(last_read_at, modified_at), last_read_at, modified_at) as last_read_at
from states
