-- One row per version of a child of a backup that ended: what it was, and whether it could be
-- restored from.
-- kind: view
select
    scope,
    backup_id, -- VARCHAR: ID of the backup.
    id as child_id, -- VARCHAR: ID of the child.
    coalesce(statuses.state = 'usable', false) as is_usable, -- BOOLEAN: Complete at the service.
    expired_at,
    coalesce(nullif(resource_id, ''), 'resource of backup ' || id)
        as resource_id, -- VARCHAR: ID of the resource.
    resource_name,
    resource_type,
    valid_from,
    valid_to
from history.children_closed
left join staging.stg_statuses as statuses using (status)
