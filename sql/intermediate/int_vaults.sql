-- One row a vault that has, or lately had, recovery points.
-- kind: view
with points as (
    select * from intermediate.int_recovery_points
),

lost as (
    select * from intermediate.int_lost_points
),

together as (
    select scope, snapshot_id, vault_id from points where vault_id is not null
    union all
    select scope, snapshot_id, vault_id from lost where vault_id is not null
)

select distinct
    scope,
    snapshot_id,
    vault_id -- VARCHAR: Id of the vault.
from together
