-- One row per successful call that removes recovery points, and backup that disappeared by it: the
-- call was on the backup or its vault, and within the interval in which the backup disappeared.
with last_sightings as (
    -- A deletion that a snapshot saw in progress was called before that snapshot.
    select gone.scope, gone.id, gone.gone_at, max(versions.last_seen) as last_seen
    from history.disappearances as gone
    inner join staging.stg_statuses as statuses using (status)
    inner join history.backups_closed as versions
        on gone.scope = versions.scope
        and gone.id = versions.id
        and versions.last_seen <= gone.last_seen
    inner join staging.stg_statuses as states_before on versions.status = states_before.status
    where statuses.state = 'going' and states_before.state <> 'going'
    group by gone.scope, gone.id, gone.gone_at
),

intervals as (
    select
        gone.scope,
        gone.id,
        gone.vault_id,
        gone.gone_at,
        coalesce(sightings.last_seen, gone.last_seen)
        - settings.clock_skew_seconds * interval '1' second as begins_at,
        gone.gone_at + settings.clock_skew_seconds * interval '1' second as ends_at
    from history.disappearances as gone
    inner join policy.settings as settings on gone.scope = settings.scope
    left join last_sightings as sightings
        on gone.scope = sightings.scope
        and gone.id = sightings.id
        and gone.gone_at = sightings.gone_at
),

removals as (
    select * from intermediate.int_calls where effect = 'removes_points'
),

removed_points as (
    select removals.scope, removals.trace_id, gone.id as backup_id, gone.gone_at, true as is_own
    from removals
    inner join intervals as gone
        on removals.scope = gone.scope
        and removals.object_id = gone.id
        and removals.changed_at >= gone.begins_at
        and removals.changed_at <= gone.ends_at
    union all
    select removals.scope, removals.trace_id, gone.id as backup_id, gone.gone_at, false as is_own
    from removals
    inner join intervals as gone
        on removals.scope = gone.scope
        and removals.object_id = gone.vault_id
        and removals.changed_at >= gone.begins_at
        and removals.changed_at <= gone.ends_at
    where removals.object_kind = 'vault'
)

select
    scope,
    trace_id, -- VARCHAR: ID of the event.
    backup_id, -- VARCHAR: ID of the backup.
    gone_at, -- TIMESTAMP: First complete snapshot without the backup.
    is_own -- BOOLEAN: Whether the call was on the backup itself, not on its vault.
from removed_points
