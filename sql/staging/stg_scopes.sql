-- One row a scope that was ever read: whether what stands for it is as fresh as it should be. Whoever says that a scope
-- is stale, says it from here.
with scopes as (
    select * from meta.scopes
),

snapshots as (
    select * from meta.snapshots
),

settings as (
    -- The strictest of the policies that the scopes are judged by.
    select min(max_scope_lag_hours) as max_scope_lag_hours from policy.settings
),

newest as (
    select max(attempted_at) as attempted_at from scopes
),

standing as (
    select
        scope,
        max(as_of) filter (where is_current) as as_of,
        bool_or(is_sandbox) as is_sandbox
    from snapshots
    group by scope
),

aged as (
    select
        p.*,
        s.as_of,
        coalesce(s.is_sandbox, false) as is_sandbox,
        s.as_of < n.attempted_at - t.max_scope_lag_hours * interval '1' hour as is_behind
    from scopes as p
    cross join newest as n
    cross join settings as t
    left join standing as s on p.scope = s.scope
),

reasoned as (
    select
        *,
        coalesce(problem, case when is_behind then 'it was not read for long while other scopes were' end) as stale_reason
    from aged
)

select
    scope,
    attempted_at,
    snapshot_id,
    as_of,
    is_sandbox, -- BOOLEAN: Synthetic data, served by the sandbox.
    stale_reason is not null as is_stale, -- BOOLEAN: Older data stands in for a reading that failed, or was not tried.
    stale_reason -- VARCHAR: Why.
from reasoned
