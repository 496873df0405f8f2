-- One row per disk whose server has dependable backups with unread details, which may contain the
-- disk.
select
    resources.scope,
    resources.snapshot_id,
    resources.resource_id, -- VARCHAR: ID of the disk.
    servers.unread_points
from intermediate.int_resources as resources
inner join intermediate.int_resource_summary as servers
    on resources.scope = servers.scope and resources.server_id = servers.resource_id
where servers.unread_points > 0
