"""A healthy backup of a resource, as ShowBackup sends it.

The same resource and day give the same body, byte for byte. Which resources there are is in estate.py; what goes wrong
is in changes.py.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from pipelines.sandbox.iam import PROJECTS, REGION

Body = dict[str, Any]

# The service computes the expiry a moment before it sets the time of creation.
EXPIRY_LEAD = timedelta(microseconds=4_286)
ENTERPRISE_PROJECTS = {"finance": None, "research": None, "default": "0"}


@dataclass(frozen=True, slots=True)
class Resource:
    """A server, disk or share that is backed up. `disks` are sizes in GB; the first is the system disk of a server."""

    name: str
    type: str
    vault: str
    enterprise_project: str
    disks: tuple[int, ...]
    hours_before_midnight: int  # when its daily backup runs
    retention_days: int = 14

    def id(self, label: str = "resource") -> str:
        """Return the id of something that belongs to this resource."""
        return stable_id(f"{self.name}/{label}")


_NAMESPACE = uuid5(NAMESPACE_URL, "cbr-warehouse")


@lru_cache(1 << 14)
def stable_id(label: str) -> str:
    """Return the UUID for `label`, always the same."""
    return str(uuid5(_NAMESPACE, label))


def enterprise_project_id(enterprise_project: str) -> str:
    """Return the id of an enterprise project; the default one has the number 0."""
    return ENTERPRISE_PROJECTS[enterprise_project] or stable_id(enterprise_project)


def healthy_backup(resource: Resource, end: datetime, days_ago: int = 0) -> Body:
    """Return the backup of the day that ends at `end`, or of a day before it."""
    created = end - timedelta(days=days_ago, hours=resource.hours_before_midnight, minutes=len(resource.name))
    label = f"{created:%Y%m%d}"
    backup_id = resource.id(f"backup/{label}")
    base = _common(resource, created, label) | {
        "id": backup_id,
        "resource_id": resource.id(),
        "resource_name": resource.name,
    }
    if resource.type != "OS::Nova::Server":
        info = _disk_info(resource.id(f"snapshot/{label}"), system=False)
        return base | {"resource_size": resource.disks[0], "extend_info": info, "children": []}
    children = [
        base
        | {
            "id": resource.id(f"backup/{label}/{number}"),
            "parent_id": backup_id,
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
    providers = {"OS::Nova::Server": "0daac4c5-6707-4851-97ba-169e36266b66"}
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
        "provider_id": providers.get(resource.type, "d1603440-187d-4516-af25-121250c7cc97"),
        "resource_az": f"{REGION}a",
        "scheduled_operation_id": None,
        "resource_type": resource.type,
        "status": "available",
        "updated_at": (created + timedelta(minutes=4)).isoformat(timespec="microseconds"),
        "vault_id": stable_id(resource.vault),
        "version": 3,
        "replication_records": [],
        "enterprise_project_id": enterprise_project_id(resource.enterprise_project),
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
        "encrypted": False,  # of a server, even if all its disks are encrypted
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
