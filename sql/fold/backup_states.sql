-- One row per backup of the new snapshot: since when it has its current values, and its earlier
-- states.
with backups as (
    select
        backups.*,
        compared.was_present,
        compared.has_changed,
        coalesce(not points.is_auto, false) as is_manual,
        coalesce(statuses.state = 'usable', false) as is_usable,
        coalesce(statuses.state = 'failed', false) as is_failed,
        strpos(coalesce(backups.extra, ''), '"expired_at"') = 0 as is_expiry_readable,
        compared.was_present and (
            coalesce(backups.status, '') = coalesce(earlier.status, '')
            or (
                statuses.state = earlier_statuses.state
                and 'available' not in (backups.status, earlier.status)
            )
        ) as is_in_same_state
    from now.backups as backups
    inner join fold.compared using (scope, id)
    left join was.backups as earlier using (scope, id)
    left join fold.statuses as statuses on backups.status = statuses.status
    left join fold.statuses as earlier_statuses on earlier.status = earlier_statuses.status
    left join fold.points as points on backups.id = points.id and points.side = 'now'
)

select
    scope,
    id,
    -- TIMESTAMP: First complete snapshot with the current values.
    case when backups.has_changed then later.as_of else known.valid_from end as valid_from,
    -- TIMESTAMP: First complete snapshot with it, since its last absence.
    coalesce(known.first_seen, later.as_of) as first_seen,
    -- BOOLEAN: Whether it is or was usable.
    coalesce(known.was_usable, false) or backups.is_usable as was_usable,
    -- BOOLEAN: Whether it was ever failed.
    coalesce(known.was_failed, false) or backups.is_failed as was_failed,
    -- TIMESTAMP: When it expired, or the first snapshot in which it is not restorable. Null while
    -- restorable.
    case
        when not backups.is_usable and not coalesce(known.was_usable, false) then null
        when backups.is_usable and (backups.expired_at is null or backups.expired_at > later.as_of)
            then null
        when known.dependable_until is not null then known.dependable_until
        when
            backups.expired_at <= later.as_of
            and (not backups.was_present or backups.expired_at > earlier.as_of)
            then backups.expired_at
        else later.as_of
    end as dependable_until,
    -- TIMESTAMP: First complete snapshot with its current state, without interruption.
    case when backups.is_in_same_state then known.state_since else later.as_of end as state_since,
    -- BOOLEAN: Whether it is or was marked as made manually.
    coalesce(known.was_manual, false) or backups.is_manual as was_manual,
    -- TIMESTAMP: Latest expiry that it had while it was usable.
    case
        when not backups.is_usable or backups.expired_at <= known.latest_expiry
            then known.latest_expiry
        else coalesce(backups.expired_at, known.latest_expiry)
    end as latest_expiry,
    -- BOOLEAN: Whether it was ever usable without an expiry.
    coalesce(known.was_endless, false)
    or (
        backups.is_usable and backups.expired_at is null and backups.is_expiry_readable
    ) as was_endless
from backups
left join was.backups_open as known using (scope, id)
cross join was.snapshot as earlier
cross join now.snapshot as later
