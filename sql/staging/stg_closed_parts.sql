-- One row per closed version of a child of a backup: its resource, and whether it was usable.
-- kind: view
select
    scope,
    backup_id, -- VARCHAR: ID of the backup.
    id as child_id, -- VARCHAR: ID of the child.
    -- BOOLEAN: Whether the child was usable.
    coalesce(statuses.state = 'usable', false) as is_usable,
    expired_at,
    coalesce(nullif(resource_id, ''), 'resource of backup ' || id)
        as resource_id, -- VARCHAR: ID of the resource.
    resource_name,
    resource_type,
    valid_from,
    valid_to
from history.children_closed
left join staging.stg_statuses as statuses using (status)
