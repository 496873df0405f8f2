"""A backup in the shape of the wire, as a healthy one looks.

Belongs here: a resource, and what a backup of it says. Does not belong here: which resources there are (estate.py),
what goes wrong (changes.py). The same resource and day give the same body, byte for byte.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from pipelines.sandbox.iam import PROJECTS, REGION

Body = dict[str, Any]

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
    retention_days: int = 14

    def id(self, what: str = "resource") -> str:
        """Return the id of something that belongs to this resource."""
        return stable_id(f"{self.name}/{what}")


_OURS = uuid5(NAMESPACE_URL, "cbr-warehouse")


@lru_cache(1 << 14)
def stable_id(label: str) -> str:
    """Return the UUID that stands for `label`."""
    return str(uuid5(_OURS, label))


def project_id(enterprise_project: str) -> str:
    """Return the id of an enterprise project; the default one has the number 0."""
    return ENTERPRISE_PROJECTS[enterprise_project] or stable_id(enterprise_project)


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
    return {
        "checkpoint_id": resource.id(f"checkpoint/{label}"),
        "created_at": created.isoformat(timespec="microseconds"),
        "description": "",
        "expired_at": (created + timedelta(days=resource.retention_days) - EXPIRY_LEAD).isoformat(
            timespec="microseconds"
        ),
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
        "enterprise_project_id": project_id(resource.enterprise_project),
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
