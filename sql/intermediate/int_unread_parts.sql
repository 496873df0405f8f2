-- One row a disk whose server has dependable backups with unread details: it may be in them.
with resources as (
    select * from intermediate.int_resources where server_id is not null
),

servers as (
    select * from intermediate.int_resource_summary where unread_points > 0
)

select
    resources.scope,
    resources.snapshot_id,
    resources.resource_id, -- VARCHAR: Id of the disk.
    servers.unread_points
from resources
inner join servers
    on resources.scope = servers.scope
    and resources.snapshot_id = servers.snapshot_id
    and resources.server_id = servers.resource_id
