"""What the account has beside its backups: vaults, policies, resources, operations and the audit trail.

It is made of the resources of the estate, so that everything is protected but what inventory_scenarios.py plants.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import groupby
from operator import attrgetter
from typing import Any

from pipelines.sandbox.backups import Resource, enterprise_project_id, stable_id
from pipelines.sandbox.iam import PROJECTS, REGION

Body = dict[str, Any]

_PROVIDERS = {
    "OS::Nova::Server": ("server", "0daac4c5-6707-4851-97ba-169e36266b66"),
    "OS::Cinder::Volume": ("disk", "d1603440-187d-4516-af25-121250c7cc97"),
    "OS::Sfs::Turbo": ("turbo", "3f3c3220-245c-4805-b811-758870015881"),
}
_AGE = timedelta(days=400)  # of servers, disks, vaults and policies
_USED_SHARE = 0.6  # of the capacity of a vault
_MB = 1024  # of a GB


@dataclass(slots=True)
class Inventory:
    """Bodies as the service sends them."""

    vaults: list[Body] = field(default_factory=list)
    policies: list[Body] = field(default_factory=list)
    protectables: dict[str, list[Body]] = field(default_factory=dict)  # by server, disk, turbo
    operations: list[Body] = field(default_factory=list)
    checkpoints: dict[str, Body] = field(default_factory=dict)  # by id
    events: list[Body] = field(default_factory=list)


def healthy_inventory(resources: Iterable[Resource], backups: Iterable[Body], start: datetime) -> Inventory:
    """Return the inventory of an account in which everything is protected, and was long before `start`.

    `backups` are those of the last 30 days.
    """
    ordered = sorted(resources, key=attrgetter("vault", "name"))
    inventory = Inventory(protectables={kind: [] for kind, _ in _PROVIDERS.values()})
    for vault, group in groupby(ordered, key=attrgetter("vault")):
        members = list(group)
        inventory.vaults.append(_vault(vault, members, start))
        inventory.policies.append(backup_policy(f"daily-{vault}", [vault], start))
    inventory.policies.append(_replication_policy(["vault-apps", "vault-databases", "vault-servers"], start))
    for resource in ordered:
        kind, _ = _PROVIDERS[resource.type]
        inventory.protectables[kind].append(protectable(resource, start))
        if kind == "server":
            inventory.protectables["disk"] += [
                disk_of(resource, number, start) for number in range(len(resource.disks))
            ]
    inventory.operations = [backup_operation(body) for body in backups]
    return inventory


def _vault(name: str, members: list[Resource], start: datetime) -> Body:
    kind, provider = _PROVIDERS[members[0].type]
    allocated = sum(sum(resource.disks) for resource in members)
    size = 2 * allocated
    return {
        "id": stable_id(name),
        "name": name,
        "description": None,
        "resources": [associated(resource) for resource in members],
        "provider_id": provider,
        "created_at": _wire(start - _AGE),
        "project_id": PROJECTS[REGION],
        "enterprise_project_id": enterprise_project_id(members[0].enterprise_project),
        "auto_bind": False,
        "bind_rules": {},
        "auto_expand": False,
        "smn_notify": True,
        "threshold": 80,
        "user_id": "u" * 32,
        "billing": billing(kind, size, allocated, int(size * _USED_SHARE * _MB)),
        "tags": [{"key": "team", "value": members[0].enterprise_project}],
        "backup_name_prefix": None,
        "demand_billing": False,
        "frozen": False,
        "locked": True,
        "cross_account": False,
        "cross_account_urn": "",
    }


def billing(kind: str, size: int, allocated: int, used: int) -> Body:
    """Return the billing of a vault: size and allocated in GB, used in MB."""
    return {
        "allocated": allocated,
        "cloud_type": "public",
        "consistent_level": "crash_consistent",
        "frozen_scene": None,
        "charging_mode": "post_paid",
        "order_id": None,
        "product_id": None,
        "protect_type": "backup",
        "object_type": kind,
        "spec_code": f"vault.backup.{kind}.normal",
        "is_multi_az": False,
        "used": used,
        "storage_unit": None,
        "status": "available",
        "size": size,
    }


def associated(resource: Resource) -> Body:
    """Return a resource as its vault lists it."""
    return {
        "id": resource.id(),
        "name": resource.name,
        "type": resource.type,
        "size": sum(resource.disks),
        "backup_size": 10 * _MB * len(resource.disks),
        "backup_count": resource.retention_days,
        "auto_protect": True,
        "protect_status": "available",
        "extra_info": {},
    }


def backup_policy(name: str, vaults: list[str], start: datetime, **definition: Any) -> Body:
    """Return a policy that backs up once a day and keeps backups for 14 days, unless `definition` says otherwise."""
    kept = {"retention_duration_days": 14, "max_backups": -1, "timezone": "UTC+08:00"}
    periods = {f"{period}_backups": 0 for period in ("day", "week", "month", "year")}
    return {
        "id": stable_id(name),
        "name": name,
        "enabled": True,
        "operation_type": "backup",
        "operation_definition": kept | periods | definition,
        "trigger": {
            "id": stable_id(f"{name}/trigger"),
            "name": "default",
            "type": "time",
            "properties": {
                "pattern": ["FREQ=DAILY;INTERVAL=1;BYHOUR=20;BYMINUTE=00"],
                "start_time": (start - _AGE).strftime("%Y-%m-%d %H:%M:%S"),
            },
        },
        "associated_vaults": [{"vault_id": stable_id(vault), "destination_vault_id": None} for vault in vaults],
        "policy_type": "custom_policy",
    }


def _replication_policy(vaults: list[str], start: datetime) -> Body:
    target = {"destination_region": "sandbox-2", "destination_project_id": "2c8f47b3e6da6b2b9f7c5e0a9d4b3f82"}
    policy = backup_policy("replicate-servers", vaults, start, **target)
    return policy | {"operation_type": "replication"}


def protectable(resource: Resource, start: datetime) -> Body:
    """Return a resource as ListProtectable sends it; a server has its disks as children."""
    children = []
    if resource.type == "OS::Nova::Server":
        children = [disk_of(resource, number, start) for number in range(len(resource.disks))]
    created = "created" if children else "created_at"
    return {
        "id": resource.id(),
        "name": resource.name,
        "type": resource.type,
        "size": sum(resource.disks),
        "status": "ACTIVE" if children else "available",
        "protectable": {"result": True, "code": "", "reason": "", "vault": None},
        "detail": {
            created: _wire(start - _AGE),
            "enterprise_project_id": enterprise_project_id(resource.enterprise_project),
        },
        "children": children,
    }


def disk_of(resource: Resource, number: int, start: datetime) -> Body:
    """Return a disk of a server as ListProtectable sends it."""
    return {
        "id": resource.id(f"disk/{number}"),
        "name": f"{resource.name}-disk-{number}",
        "type": "OS::Cinder::Volume",
        "size": resource.disks[number],
        "status": "in-use",
        "protectable": {"result": True, "code": "", "reason": "", "vault": None},
        "detail": {
            "created_at": _wire(start - _AGE),
            "bootable": "true" if number == 0 else "false",
            "encrypted": True,
        },
        "children": [],
    }


def backup_operation(backup: Body) -> Body:
    """Return the operation that made a backup."""
    status = {"error": "failed", "protecting": "running", "waiting_protect": "waiting"}.get(backup["status"], "success")
    ended = None if status in ("running", "waiting") else backup["updated_at"]
    made = {"backup_id": backup["id"], "backup_name": backup["name"]}
    return operation(f"{backup['id']}/task", "backup", status, backup["created_at"], ended, backup) | {
        "extra_info": {"backup": made, "common": {"progress": 100}, "resource": _resource_info(backup)}
    }


def operation(label: str, type_: str, status: str, started: str, ended: str | None, backup: Body) -> Body:
    """Return an operation on the resource of a backup."""
    return {
        "id": stable_id(label),
        "operation_type": type_,
        "status": status,
        "created_at": started,
        "started_at": started,
        "ended_at": ended,
        "updated_at": ended or started,
        "checkpoint_id": backup["checkpoint_id"],
        "policy_id": None,
        "project_id": PROJECTS[REGION],
        "provider_id": backup["provider_id"],
        "vault_id": backup["vault_id"],
        "vault_name": None,
        "error_info": {"code": "", "message": ""},
        "extra_info": {"common": {"progress": 100}, "resource": _resource_info(backup)},
    }


def _resource_info(backup: Body) -> Body:
    return {"id": backup["resource_id"], "name": backup["resource_name"], "type": backup["resource_type"]}


def _wire(moment: datetime) -> str:
    return moment.isoformat(timespec="microseconds")
