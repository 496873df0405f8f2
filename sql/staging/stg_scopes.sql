-- One row per scope that was ever read: whether its data is stale. All models take staleness from
-- here. A project that is not granted has no row.
with judged_snapshots as (
    select
        scope,
        max(as_of) filter (where is_current) as as_of,
        bool_or(is_sandbox) as is_sandbox
    from meta.snapshots
    group by scope
),

granted_scopes as (
    select scope, attempted_at, problem, snapshot_id from meta.scopes where is_granted
),

newest_attempt as (
    select max(attempted_at) as attempted_at from granted_scopes
),

lag_limit as (
    -- Scopes may be judged by different policies; the strictest limit applies.
    select min(max_scope_lag_hours) as hours from policy.settings
),

dated_scopes as (
    select
        granted_scopes.*,
        judged_snapshots.as_of,
        coalesce(judged_snapshots.is_sandbox, false) as is_sandbox,
        coalesce(
            granted_scopes.problem,
            case
                when judged_snapshots.as_of
                    < newest_attempt.attempted_at - lag_limit.hours * interval '1' hour
                    then 'it was not read for long while other scopes were'
            end
        ) as stale_reason
    from granted_scopes
    left join judged_snapshots using (scope)
    cross join newest_attempt
    cross join lag_limit
)

select
    scope,
    attempted_at,
    snapshot_id,
    as_of,
    is_sandbox, -- BOOLEAN: Whether the data is synthetic, from the sandbox.
    stale_reason is not null
        as is_stale, -- BOOLEAN: Whether older data is used: no complete snapshot lately.
    stale_reason -- VARCHAR: Reason why the scope is stale.
from dated_scopes
