-- One row per backup of the new snapshot: since when it is as it is, and what it ever was, folded
-- forward.
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
    -- TIMESTAMP: The first complete snapshot that has it as it is.
    case when backups.has_changed then later.as_of else known.valid_from end as valid_from,
    -- TIMESTAMP: The first complete snapshot that has it, since it was last away.
    coalesce(known.first_seen, later.as_of) as first_seen,
    -- BOOLEAN: It can be restored from, or once could.
    coalesce(known.was_usable, false) or backups.is_usable as was_usable,
    -- BOOLEAN: It failed once.
    coalesce(known.was_failed, false) or backups.is_failed as was_failed,
   -- TIMESTAMP: When it expired, or the first snapshot in which it can't be restored from; null
   -- while it can.
   
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
    -- TIMESTAMP: The first complete snapshot since which it has been in its state without a break.
    case when backups.is_in_same_state then known.state_since else later.as_of end as state_since,
    -- BOOLEAN: It is made by hand, or was once said to be.
    coalesce(known.was_manual, false) or backups.is_manual as was_manual,
    -- TIMESTAMP: The latest expiry that it had while it was usable.
    case
        when not backups.is_usable or backups.expired_at <= known.latest_expiry
            then known.latest_expiry
        else coalesce(backups.expired_at, known.latest_expiry)
    end as latest_expiry,
    -- BOOLEAN: It once was usable and had no expiry.
    coalesce(known.was_endless, false)
    or (
        backups.is_usable and backups.expired_at is null and backups.is_expiry_readable
    ) as was_endless
from backups
left join was.backups_open as known using (scope, id)
cross join was.snapshot as earlier
cross join now.snapshot as later
