-- One row per scope: when reading of the judged snapshot began.
select scope, as_of
from staging.stg_snapshots
order by scope
