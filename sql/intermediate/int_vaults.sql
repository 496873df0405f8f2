-- One row per vault that has recovery points, or lately had some.
-- kind: view
select distinct
    scope,
    snapshot_id,
    vault_id -- VARCHAR: ID of the vault.
from intermediate.int_known_points
where vault_id is not null
