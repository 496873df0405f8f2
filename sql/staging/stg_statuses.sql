-- One row per documented status of a backup or a part of one, and the state that it stands for.
-- Whoever asks whether something can be restored from, asks here.
-- kind: view
select
    status, -- VARCHAR: Status, as the service names it.
    state -- VARCHAR: usable (restore works, or is running), in_flight, going or failed.
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
