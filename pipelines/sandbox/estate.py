"""The synthetic estate: what an account of a middling company has in CBR at one instant.

Belongs here: resources, vaults, and the plain course of their backups. Does not belong here: what goes wrong
(stories.py), oddities of the wire (quirks.py). The same instant gives the same bodies, byte for byte.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from pipelines.sandbox.copies import record
from pipelines.sandbox.iam import PROJECTS, REGION
from pipelines.sandbox.quirks import quirky
from pipelines.sandbox.stories import STORIES, TOLD_BY

Body = dict[str, Any]

DAYS = 15  # how far the daily backups go back
RETENTION = timedelta(days=35)
# The service works out the expiry a moment before it stamps the creation.
EXPIRY_LEAD = timedelta(microseconds=4_286)
ENTERPRISE_PROJECTS = {"finance": None, "research": None, "default": "0"}


@dataclass(frozen=True, slots=True)
class Resource:
    """A thing that is backed up. `disks` are sizes in GB; the first one is the system disk of a server."""

    name: str
    type: str
    vault: str
    enterprise_project: str
    disks: tuple[int, ...]
    hour: int  # how many hours before the end of the day its daily backup runs

    def id(self, what: str = "resource") -> str:
        """Return the id of something that belongs to this resource."""
        return stable_id(f"{self.name}/{what}")


_OURS = uuid5(NAMESPACE_URL, "cbr-warehouse")


@lru_cache(1 << 14)
def stable_id(label: str) -> str:
    """Return the UUID that stands for `label`."""
    return str(uuid5(_OURS, label))


def estate(now: datetime) -> list[Body]:
    """Return every backup that the account has at `now` (naive UTC), as ShowBackup sends them."""
    found: list[Body] = []
    today = now.replace(hour=0, minute=0, second=0, microsecond=0)
    for resource in resources():
        # Backups run at the same time of each day, so that two readings of one day see the same ones.
        daily = (replicated(point(resource, today + timedelta(days=1), day)) for day in range(DAYS + 1))
        points = [body for body in daily if body["updated_at"] <= now.isoformat()][:DAYS]
        for story in TOLD_BY.get(resource.name, ()):
            points = STORIES[story].tell(points, today)
        found += points
    return [quirky(body, number) for number, body in enumerate(sorted(found, key=lambda b: str(b["created_at"])))]


def resources() -> Iterator[Resource]:
    """Yield the resources: those that nothing happens to, and those that a story is told of."""
    projects = [name for name in ENTERPRISE_PROJECTS if name != "default"]
    for number in range(1, 25):
        disks = (40, 100, 200, 500)[: 1 + number % 4]
        vault = "vault-servers-a" if number % 2 else "vault-servers-b"
        yield Resource(f"app-{number:02}", "OS::Nova::Server", vault, projects[number % 2], disks, 1 + number % 20)
    for number in range(1, 9):
        project = projects[number % 2]
        yield Resource(f"disk-{number:02}", "OS::Cinder::Volume", "vault-disks", project, (100,), 2 + number)
    for number in range(1, 4):
        yield Resource(f"share-{number:02}", "OS::Sfs::Turbo", "vault-turbo", "research", (500,), 3 + number)
    for number, name in enumerate(TOLD_BY):
        lone = name.startswith("disk-")
        vault = "vault-disks" if lone else "vault-servers-b"
        disks = (100,) if lone else (40, 200)
        project = "default" if name.startswith("orphan-") else "finance"
        yield Resource(name, f"OS::{'Cinder::Volume' if lone else 'Nova::Server'}", vault, project, disks, 1 + number)


def replicated(body: Body) -> Body:
    """Return a backup with the record of its copy, where the service can copy it."""
    server = body["resource_type"] == "OS::Nova::Server"
    return body | {"replication_records": [record(body, "success", 0)]} if server else body


def point(resource: Resource, end: datetime, day: int) -> Body:
    """Return the backup that ran `day` days before the one of the day that ends at `end`."""
    created = end - timedelta(days=day, hours=resource.hour, minutes=len(resource.name))
    server = resource.type == "OS::Nova::Server"
    label = f"{created:%Y%m%d}"
    own = resource.id(f"backup/{label}")
    base = _common(resource, created, label) | {"id": own, "resource_id": resource.id(), "resource_name": resource.name}
    if not server:
        info = _disk_info(resource.id(f"snapshot/{label}"), system=False)
        return base | {"resource_size": resource.disks[0], "extend_info": info, "children": []}
    children = [
        base
        | {
            "id": resource.id(f"backup/{label}/{number}"),
            "parent_id": own,
            "resource_id": resource.id(f"disk/{number}"),
            "resource_name": f"{resource.name}-disk-{number}",
            "resource_type": "OS::Cinder::Volume",
            "resource_size": size,
            "extend_info": _disk_info(resource.id(f"snapshot/{label}/{number}"), system=number == 0),
            "children": [],
            "protected_at": None,
        }
        for number, size in enumerate(resource.disks)
    ]
    for child in children:
        del child["enterprise_project_id"]
    return base | {"resource_size": sum(resource.disks), "extend_info": _server_info(), "children": children}


def _common(resource: Resource, created: datetime, label: str) -> Body:
    provider = {"OS::Nova::Server": "0daac4c5-6707-4851-97ba-169e36266b66"}
    project = ENTERPRISE_PROJECTS[resource.enterprise_project] or stable_id(resource.enterprise_project)
    return {
        "checkpoint_id": resource.id(f"checkpoint/{label}"),
        "created_at": created.isoformat(timespec="microseconds"),
        "description": "",
        "expired_at": (created + RETENTION - EXPIRY_LEAD).isoformat(timespec="microseconds"),
        "image_type": "backup",
        "incremental": True,
        "name": f"autobk_{label}_{resource.name}",
        "parent_id": None,
        "project_id": PROJECTS[REGION],
        "protected_at": (created + timedelta(seconds=23)).isoformat(timespec="microseconds"),
        "provider_id": provider.get(resource.type, "d1603440-187d-4516-af25-121250c7cc97"),
        "resource_az": f"{REGION}a",
        "scheduled_operation_id": None,
        "resource_type": resource.type,
        "status": "available",
        "updated_at": (created + timedelta(minutes=4)).isoformat(timespec="microseconds"),
        "vault_id": stable_id(resource.vault),
        "version": 3,
        "replication_records": [],
        "enterprise_project_id": project,
    }


def _server_info() -> Body:
    consistency = {"app_consistency": "0", "app_consistency_status": "0", "app_consistency_error_code": "0"}
    return {
        "auto_trigger": True,
        "bootable": None,
        "os_images_data": None,
        "progress": None,
        "snapshot_id": None,
        "support_lld": True,
        "supported_restore_mode": "backup",
        "system_disk": False,
        "is_multi_az": False,
        "encrypted_algorithm": None,
        "is_dec": False,
        "app_consistency": consistency | {"app_consistency_error_message": ""},
        "contain_system_disk": True,
        "encrypted": False,  # a server says so of itself even where all its disks are encrypted
        "architecture": "x86_64",
    }


def _disk_info(snapshot_id: str, *, system: bool) -> Body:
    return {
        "auto_trigger": True,
        "bootable": system,
        "os_images_data": None,
        "progress": 100,
        "snapshot_id": snapshot_id,
        "support_lld": True,
        "supported_restore_mode": None,
        "system_disk": system,
        "is_multi_az": False,
        "encrypted_algorithm": "AES_256",
        "is_dec": False,
        "app_consistency": None,
        "encrypted": True,
    }
