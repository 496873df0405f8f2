-- One row per successful call in the audit trail that changed a backup, a vault or a policy, and
-- per backup that disappeared by it: who did what, and what it did to recoverability. A backup that
-- is not here may have been deleted by somebody all the same.
select
    changes.scope,
    snapshots.snapshot_id, -- VARCHAR: Snapshot of the scope that is judged.
    changes.changed_at,
    changes.trace_id,
    changes.trace_name,
    changes.object_kind,
    changes.object_id,
    changes.object_name,
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
from intermediate.int_calls as changes
inner join staging.stg_snapshots as snapshots on changes.scope = snapshots.scope
left join intermediate.int_calls_on_points as losses
    on changes.scope = losses.scope and changes.trace_id = losses.trace_id
left join history.disappearances as lost
    on losses.scope = lost.scope
    and losses.backup_id = lost.id
    and losses.gone_at = lost.gone_at
left join intermediate.int_resource_summary as summaries
    on lost.scope = summaries.scope and lost.resource_id = summaries.resource_id
