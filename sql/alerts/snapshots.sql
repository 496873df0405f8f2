-- One row per scope: when the reading that is judged began.
select scope, as_of
from staging.stg_snapshots
order by scope
