-- One row per resource with a successful restore on record: the newest one.
-- kind: view
select
    scope,
    resource_id,
    operation_id,
    backup_id,
    tested_at,
    minutes
from intermediate.int_restores
where is_test
qualify row_number() over (
    partition by scope, resource_id
    order by tested_at desc nulls last, operation_id desc nulls last, line
) = 1
