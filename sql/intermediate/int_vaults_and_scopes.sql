-- One row a thing that holds recovery points: a vault, or a scope as a whole.
-- kind: view
with vaults as (
    select * from intermediate.int_vaults
),

scopes as (
    select * from staging.stg_snapshots
),

together as (
    select scope, snapshot_id, 'vault' as holder_kind, vault_id as holder_id from vaults
    union all
    select scope, snapshot_id, 'scope' as holder_kind, scope as holder_id from scopes
)

select
    scope,
    snapshot_id,
    holder_kind, -- VARCHAR: vault or scope.
    holder_id -- VARCHAR: Id of the vault, or the name of the scope.
from together
