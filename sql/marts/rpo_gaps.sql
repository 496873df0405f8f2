-- One row a gap between the recovery points of a resource that is longer than its RPO and grace, or still open. Of
-- what the policy takes out of scope there is none.
-- kind: view
with gaps as (
    select * from intermediate.int_gaps
),

demands as (
    select * from intermediate.int_requirements where exclusion_id is null
)

select
    g.scope,
    g.snapshot_id,
    d.as_of,
    g.resource_id,
    d.resource_name,
    d.subject_type,
    d.vault_id,
    d.tier,
    d.owner,
    d.rpo_hours,
    d.grace_hours,
    g.gap_start,
    g.gap_end,
    g.hours,
    g.is_open,
    g.is_breach,
    g.exposure_hours,
    g.hours_now,
    g.start_backup_id,
    g.end_backup_id,
    g.still_exists
from gaps as g
inner join demands as d
    on g.scope = d.scope and g.snapshot_id = d.snapshot_id and g.resource_id = d.resource_id
