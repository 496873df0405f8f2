-- One row a server whose newest whole backup is much larger or smaller than usual. That is no
-- failure yet: see why.
-- title: Unusual sizes
select
    scope,
    coalesce(nullif(trim(resource_name), ''), resource_id) as resource,
    backup_id as backup,
    rp_time as newest_point,
    total_size as size_gb,
    usual_size as usual_gb,
    change_percent,
    resource_id as id
from compliance.size_changes
order by abs(change_percent) desc, resource, id
