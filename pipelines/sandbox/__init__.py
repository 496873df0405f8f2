"""A service with CBR v3 and IAM v3 on loopback, over real sockets, with a synthetic estate.

    server, service             sockets, routing and authentication
    iam, signature              tokens and signed requests
    cbr, filters, store         ListBackups and ShowBackup over a store of backups
    cbr_inputs, inventory       the other calls, over vaults, policies, resources, tasks and traces
    responses, faults, quota    error bodies, and what may go wrong on the wire
    estate, backups, quirks     the resources, a backup of one, and oddities of the wire
    scenarios, changes, disk_changes, replication   planted problems, and the findings that they must cause
    inventory_scenarios         planted problems beside the backups
    policy                      policy.yaml and waivers.yaml of the synthetic company

The demo and the tests read from it as from any cloud. It knows nothing of the pipeline that reads it.
"""

from pipelines.sandbox.server import Sandbox, serve

__all__ = ["Sandbox", "serve"]
