-- One row per vault, and one per scope as a whole: the number of dependable points.
with dependable_points as (
    -- Points that the policy excludes do not count.
    select
        scope,
        points.vault_id,
        count(*) as points
    from intermediate.int_recovery_points as points
    left join intermediate.int_rules as rules using (scope, resource_id)
    where points.is_dependable and rules.exclusion_id is null
    group by scope, points.vault_id
),

points_of_scopes as (
    select scope, sum(points) as points from dependable_points group by scope
),

holders as (
    select
        scope,
        vaults.snapshot_id,
        'vault' as holder_kind,
        vault_id as holder_id,
        dependable_points.points
    from intermediate.int_vaults as vaults
    left join dependable_points using (scope, vault_id)
    union all
    select
        scope,
        snapshots.snapshot_id,
        'scope' as holder_kind,
        scope as holder_id,
        points_of_scopes.points
    from staging.stg_snapshots as snapshots
    left join points_of_scopes using (scope)
)

select
    scope,
    snapshot_id,
    holder_kind, -- VARCHAR: vault or scope.
    holder_id, -- VARCHAR: ID of the vault, or name of the scope.
    coalesce(points, 0) as points -- BIGINT: Number of dependable points.
from holders
