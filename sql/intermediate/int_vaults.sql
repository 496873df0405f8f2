-- One row per vault that has, or lately had, recovery points.
-- kind: view
select distinct
    scope,
    snapshot_id,
    vault_id -- VARCHAR: ID of the vault.
from intermediate.int_known_points
where vault_id is not null
