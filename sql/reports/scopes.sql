-- One row per scope: age and completeness of its data, its policy, and numbers of resources.
with resources as (
    select
        scope,
        count(*) as resources,
        count(*) filter (where recency = 'fail') as unprotected,
        count(*) filter (where can_restore_now is distinct from true) as not_restorable,
        count(*) filter (where recency = 'unknown') as undecided
    from compliance.resource_compliance
    group by scope
)

select
    scope,
    scopes.attempted_at,
    scopes.is_stale,
    scopes.stale_reason,
    scopes.is_sandbox,
    snapshot_id,
    scopes.as_of,
    snapshots.listed,
    snapshots.region,
    coalesce(snapshots.rejects, 0) as rejects,
    settings.policy_id,
    settings.policy_sha256,
    settings.report_timezone,
    coalesce(resources.resources, 0) as resources,
    coalesce(resources.unprotected, 0) as unprotected,
    coalesce(resources.not_restorable, 0) as not_restorable,
    coalesce(resources.undecided, 0) as undecided
from staging.stg_scopes as scopes
left join meta.snapshots as snapshots using (scope, snapshot_id)
left join policy.settings as settings using (scope, snapshot_id)
left join resources using (scope)
order by scope
