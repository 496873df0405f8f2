-- One row per documented status of a backup or child, with its state. All models take usability
-- from here.
-- kind: view
select
    status, -- VARCHAR: Status, as the service names it.
    -- VARCHAR: usable (can be restored, or is being restored), in_flight, going (being deleted) or
    -- failed.
    state
from (
    values
        ('available', 'usable'),
        ('restoring', 'usable'),
        ('waiting_restore', 'usable'),
        ('protecting', 'in_flight'),
        ('waiting_protect', 'in_flight'),
        ('deleting', 'going'),
        ('waiting_delete', 'going'),
        ('error', 'failed')
) as statuses (status, state)
