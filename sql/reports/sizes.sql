-- One row per server whose newest complete backup is much larger or smaller than usual. This is
-- not a failure by itself.
-- title: Unusual backup sizes
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
