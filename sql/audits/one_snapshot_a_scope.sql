-- One row per scope with more than one snapshot in the draft. Models that join by scope would mix
-- them.
-- severity: error
-- relation: staging.stg_snapshots
with scope_snapshots as (
    select scope, snapshot_id from staging.stg_snapshots
    union
    select scope, snapshot_id from cbr.backups
    union
    select scope, snapshot_id from cbr.children
    union
    select scope, snapshot_id from cbr.extend_info
    union
    select scope, snapshot_id from cbr.replication_records
    union
    select scope, snapshot_id from meta.snapshots where is_current
    union
    select scope, snapshot_id from meta.rejects
    union
    select scope, snapshot_id from policy.settings
    union
    select scope, snapshot_id from policy.tiers
    union
    select scope, snapshot_id from policy.matches
    union
    select scope, snapshot_id from policy.waivers
)

select scope, count(*) as snapshots
from scope_snapshots
group by scope
having count(*) > 1
