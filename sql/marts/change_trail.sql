-- One row per successful call in the audit trail that changed a backup, a vault or a policy, and
-- per backup that disappeared by it: who did what, and what it did to recoverability. A backup that
-- is not here may have been deleted by somebody all the same.
with changes as (
    select
        events.scope,
        events.trace_id,
        events.trace_name,
        events.time as changed_at,
        calls.object_kind,
        calls.effect,
        events.resource_id as object_id,
        events.resource_name as object_name,
        events.user_id,
        events.user_name,
        events.user_domain_name,
        events.source_ip,
        events.trace_type,
        events.request_id
    from cbr.audit_events as events
    inner join staging.stg_calls as calls on lower(events.trace_name) = calls.call
    -- A refused call changed nothing.
    where events.code like '2__'
),

losses as (
    -- Within the two complete snapshots between which it disappeared.
    select changes.scope, changes.trace_id, lost.id as backup_id, lost.gone_at
    from changes
    inner join policy.settings as settings on changes.scope = settings.scope
    inner join history.disappearances as lost
        on changes.scope = lost.scope
        and changes.object_id = lost.id
        and changes.changed_at >= lost.last_seen - settings.clock_skew_seconds * interval '1' second
        and changes.changed_at <= lost.gone_at + settings.clock_skew_seconds * interval '1' second
    where changes.effect = 'removes_points'
    union all
    select changes.scope, changes.trace_id, lost.id as backup_id, lost.gone_at
    from changes
    inner join policy.settings as settings on changes.scope = settings.scope
    inner join history.disappearances as lost
        on changes.scope = lost.scope
        and changes.object_id = lost.vault_id
        and changes.changed_at >= lost.last_seen - settings.clock_skew_seconds * interval '1' second
        and changes.changed_at <= lost.gone_at + settings.clock_skew_seconds * interval '1' second
    where changes.effect = 'removes_points' and changes.object_kind = 'vault'
)

select
    changes.scope,
    snapshots.snapshot_id, -- VARCHAR: Snapshot of the scope that is judged.
    changes.changed_at, -- TIMESTAMP: When the call was made.
    changes.trace_id,
    changes.trace_name,
    changes.object_kind,
    changes.object_id, -- VARCHAR: ID of the backup, vault or policy.
    changes.object_name, -- VARCHAR: Name of the backup, vault or policy.
    changes.effect,
    changes.user_id,
    changes.user_name,
    changes.user_domain_name,
    changes.source_ip,
    changes.trace_type,
    changes.request_id,
    losses.backup_id, -- VARCHAR: ID of a backup that disappeared by it. Null if none did.
    lost.resource_id, -- VARCHAR: ID of the resource of that backup.
    lost.resource_name, -- VARCHAR: Name of the resource of that backup.
    lost.was_usable, -- BOOLEAN: Whether that backup was ever restorable.
    lost.disappearance,
    lost.days_early, -- DOUBLE: Days by which it disappeared before its expiry.
    losses.gone_at, -- TIMESTAMP: First complete snapshot without that backup.
    -- BIGINT: Number of dependable points that the resource still has. Null if no backup went.
    case when losses.backup_id is not null then coalesce(summaries.depth, 0) end as points_left
from changes
inner join staging.stg_snapshots as snapshots on changes.scope = snapshots.scope
left join losses on changes.scope = losses.scope and changes.trace_id = losses.trace_id
left join history.disappearances as lost
    on losses.scope = lost.scope
    and losses.backup_id = lost.id
    and losses.gone_at = lost.gone_at
left join intermediate.int_resource_summary as summaries
    on lost.scope = summaries.scope and lost.resource_id = summaries.resource_id
