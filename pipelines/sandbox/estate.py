"""The synthetic estate: what the account of a medium-sized company has in CBR at one moment.

The same moment gives the same bodies, byte for byte, and a backup does not change from one moment to the next unless a
scenario changes it. What goes wrong is in scenarios.py, oddities of the wire are in quirks.py.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from pipelines.sandbox.backups import Resource, healthy_backup
from pipelines.sandbox.inventory import Inventory, healthy_inventory
from pipelines.sandbox.inventory_scenarios import plant
from pipelines.sandbox.quirks import apply_quirk
from pipelines.sandbox.replication import replication_record
from pipelines.sandbox.scenarios import RESOURCE_SCENARIOS, SCENARIO_DAYS, SCENARIOS, Moment, Scenario

Body = dict[str, Any]

_DAY = timedelta(days=1)
_DAYS_BEFORE = 15  # days before the first one that have backups: no retention is longer


def estate(now: datetime, first_day: datetime | None = None) -> list[Body]:
    """Return every backup that the account has at `now` (naive UTC), as ShowBackup sends them.

    The scenarios begin on `first_day`; without it, `now` is on their last day.
    """
    start = midnight(first_day or now - (SCENARIO_DAYS - 1) * _DAY)
    today = (now - start) / _DAY + 1
    bodies: list[Body] = []
    for number, resource in enumerate(resources()):
        scenario = SCENARIOS.get(RESOURCE_SCENARIOS.get(resource.name, ""), Scenario())
        oldest = int(today) - resource.retention_days - scenario.purge_delay.days - 1
        for day in range(max(oldest, 1 - _DAYS_BEFORE), int(today) + 1):
            body = _backup(resource, scenario, Moment(day, today), start)
            if body and body["updated_at"] <= now.isoformat() and not _is_purged(body, scenario, now):
                bodies.append(apply_quirk(body, 7 * number + day))
    return sorted(bodies, key=lambda body: str(body["created_at"]))


def estate_inventory(now: datetime, first_day: datetime | None = None) -> Inventory:
    """Return what the account has at `now` beside its backups."""
    start = midnight(first_day or now - (SCENARIO_DAYS - 1) * _DAY)
    today = (now - start) / _DAY + 1
    backups = []
    for resource in resources():
        scenario = SCENARIOS.get(RESOURCE_SCENARIOS.get(resource.name, ""), Scenario())
        for day in range(int(today) - SCENARIO_DAYS, int(today) + 1):
            # A run is in the log whatever became of its backup.
            body = _backup(resource, scenario, Moment(day, min(today, day + 1.0)), start)
            if body and body["created_at"] <= now.isoformat():
                backups.append(body)
    here = [resource for resource in resources() if RESOURCE_SCENARIOS.get(resource.name) != "replicas"]
    inventory = healthy_inventory(here, backups, start)
    plant(inventory, backups, start, now)
    return inventory


def midnight(moment: datetime) -> datetime:
    """Return the beginning of a day."""
    return moment.replace(hour=0, minute=0, second=0, microsecond=0)


def resources() -> Iterator[Resource]:
    """Yield the resources: healthy ones, and one for each entry of RESOURCE_SCENARIOS."""
    projects = ("research", "finance")
    for number in range(1, 5):
        disks = (40, 100, 200, 500)[: 1 + number % 4]
        yield Resource(f"app-{number:02}", "OS::Nova::Server", "vault-apps", projects[number % 2], disks, 2 + number)
    for number in range(1, 3):
        yield Resource(
            f"disk-{number:02}", "OS::Cinder::Volume", "vault-disks", projects[number % 2], (100,), 2 + number
        )
    yield Resource("share-01", "OS::Sfs::Turbo", "vault-turbo", "research", (500,), 4)
    for number, name in enumerate(RESOURCE_SCENARIOS):
        is_disk, is_database = name.startswith("disk-"), name.endswith("-db")
        kind = f"OS::{'Cinder::Volume' if is_disk else 'Nova::Server'}"
        vault = "vault-disks" if is_disk else "vault-databases" if is_database else "vault-servers"
        project = "default" if name.startswith("orphan-") else "finance"
        yield Resource(name, kind, vault, project, (100,) if is_disk else (40, 200), 3 + number % 18)


def _backup(resource: Resource, scenario: Scenario, moment: Moment, start: datetime) -> Body | None:
    """Return the backup that ran on a day, as it is now; None if the scenario has none."""
    body = healthy_backup(resource, start + moment.day * _DAY)
    if resource.type == "OS::Nova::Server":  # the only kind that is copied to another region
        body["replication_records"] = [replication_record(body, "success", 0)]
    return scenario.change(body, moment)


def _is_purged(body: Body, scenario: Scenario, now: datetime) -> bool:
    """Tell whether the service has removed an expired backup."""
    expiry = body["expired_at"]
    return expiry is not None and datetime.fromisoformat(expiry) + scenario.purge_delay <= now
