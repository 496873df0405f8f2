"""What is planted beside the backups: an unprotected server, a full vault, a policy that is off, deletions by people.

Days count from the first day of the scenarios, which is 1, as in changes.py.
"""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

from pipelines.sandbox.backups import Resource, stable_id
from pipelines.sandbox.changes import LAST_DAY
from pipelines.sandbox.iam import DOMAIN, DOMAIN_ID, PROJECTS, REGION
from pipelines.sandbox.inventory import Body, Inventory, backup_policy, billing, disk_of, operation, protectable

UNPROTECTED = Resource("forgotten-01", "OS::Nova::Server", "vault-apps", "research", (40,), 3)
EXCLUDED_DISK = "app-04"  # the server whose vault leaves out a disk
ELSEWHERE = "branch-db"  # a server of another region, of which there are only copies here
FULL_VAULT, UNLOCKED_VAULT, IDLE_VAULT = "vault-turbo", "vault-databases", "vault-archive"
CHANGED_POLICY = "daily-vault-servers"
POLICY_CHANGED, SKIPPED, DELETED = LAST_DAY - 4, LAST_DAY - 6, LAST_DAY - 1  # days
REHEARSED = {"app-01": LAST_DAY - 3, "app-02": LAST_DAY - 27}  # server, and day on which its restore was tried
_DAY = timedelta(days=1)


def plant(inventory: Inventory, backups: list[Body], start: datetime, now: datetime) -> None:
    """Change a healthy inventory as the scenarios do until `now`; they begin at `start`."""
    inventory.protectables["server"].append(protectable(UNPROTECTED, start))
    inventory.protectables["disk"].append(disk_of(UNPROTECTED, 0, start))
    _exclude_a_disk(inventory, start)
    _leave_out(inventory, ELSEWHERE)
    for vault in inventory.vaults:
        if vault["name"] == FULL_VAULT:
            vault["billing"]["used"] = vault["billing"]["size"] * 1024
        vault["locked"] = vault["name"] != UNLOCKED_VAULT
    inventory.vaults.append(_idle_vault(inventory.vaults[0]))
    inventory.policies.append(backup_policy("daily-archive", [IDLE_VAULT], start) | {"enabled": False})
    if now >= _at(start, POLICY_CHANGED):
        _change_policy(inventory, start)
    _skip_a_backup(inventory, backups, _at(start, SKIPPED))
    _delete_a_backup(inventory, backups, _at(start, DELETED))
    for name, day in REHEARSED.items():
        _restore(inventory, backups, name, _at(start, day))
    happened = now.isoformat()
    inventory.operations = [body for body in inventory.operations if body["started_at"] <= happened]
    inventory.events = [event for event in inventory.events if event["time"] <= _milliseconds(now)]


def _at(start: datetime, day: int) -> datetime:
    return start + (day - 1) * _DAY + timedelta(hours=9)


def _leave_out(inventory: Inventory, server: str) -> None:
    for kind, bodies in inventory.protectables.items():
        inventory.protectables[kind] = [body for body in bodies if not body["name"].startswith(server)]
    for vault in inventory.vaults:
        vault["resources"] = [member for member in vault["resources"] if member["name"] != server]


def _exclude_a_disk(inventory: Inventory, start: datetime) -> None:
    members = (member for vault in inventory.vaults for member in vault["resources"])
    server = next(member for member in members if member["name"] == EXCLUDED_DISK)
    extra = Resource(EXCLUDED_DISK, "OS::Nova::Server", "vault-apps", "research", (40, 100, 200, 500), 2)
    disk = disk_of(extra, 3, start) | {"id": extra.id("disk/excluded"), "name": f"{extra.name}-scratch"}
    server["extra_info"] = {"exclude_volumes": [disk["id"]]}
    inventory.protectables["disk"].append(disk)
    for body in inventory.protectables["server"]:
        if body["name"] == EXCLUDED_DISK:
            body["children"] = [*body["children"], disk]


def _idle_vault(other: Body) -> Body:
    own = {"id": stable_id(IDLE_VAULT), "name": IDLE_VAULT, "resources": [], "billing": billing("server", 100, 0, 0)}
    return other | own | {"locked": True, "tags": []}


def _change_policy(inventory: Inventory, start: datetime) -> None:
    policy = next(policy for policy in inventory.policies if policy["name"] == CHANGED_POLICY)
    policy["operation_definition"] |= {"retention_duration_days": -1, "max_backups": 10}
    inventory.events.append(_event("updatePolicy", "policy", policy["id"], policy["name"], _at(start, POLICY_CHANGED)))


def _skip_a_backup(inventory: Inventory, backups: Iterable[Body], moment: datetime) -> None:
    backup = next((backup for backup in backups if backup["resource_type"] == "OS::Sfs::Turbo"), None)
    if backup is None:
        return
    time = moment.isoformat(timespec="microseconds")
    checkpoint = stable_id("skipped/checkpoint")
    skipped = operation("skipped/task", "backup", "skipped", time, time, backup)
    error = {"code": "BackupService.6114", "message": "The vault is full."}
    inventory.operations.append(skipped | {"checkpoint_id": checkpoint, "error_info": error})
    left_out = {"id": backup["resource_id"], "name": backup["resource_name"], "type": backup["resource_type"]}
    left_out |= {"code": error["code"], "reason": error["message"]}
    inventory.checkpoints[checkpoint] = {
        "id": checkpoint,
        "created_at": time,
        "status": "error",
        "project_id": PROJECTS[REGION],
        "extra_info": None,
        "vault": {"id": backup["vault_id"], "name": FULL_VAULT, "resources": [], "skipped_resources": [left_out]},
    }


def _delete_a_backup(inventory: Inventory, backups: Iterable[Body], moment: datetime) -> None:
    """Record who deleted the backups that disappear early (`deleted` in changes.py)."""
    for backup in backups:
        if backup["resource_name"] == "files-01" and backup["created_at"] < (moment - _DAY).isoformat():
            event = _event("deleteBackup", "backup", backup["id"], backup["name"], moment, user="mallory")
            inventory.events.append(event)


def _restore(inventory: Inventory, backups: Iterable[Body], name: str, moment: datetime) -> None:
    backup = next((backup for backup in backups if backup["resource_name"] == name), None)
    if backup is None:
        return
    began, ended = (time.isoformat(timespec="microseconds") for time in (moment, moment + timedelta(minutes=42)))
    task = operation(f"restore/{name}", "restore", "success", began, ended, backup)
    restored = {"backup_id": backup["id"], "backup_name": backup["name"], "target_resource_id": stable_id("restored")}
    inventory.operations.append(task | {"extra_info": task["extra_info"] | {"restore": restored}})


def _event(call: str, type_: str, id_: str, name: str, moment: datetime, user: str = "dana") -> Body:
    account: dict[str, Any] = {"id": DOMAIN_ID, "name": DOMAIN}
    return {
        "trace_id": stable_id(f"{call}/{id_}"),
        "trace_name": call,
        "trace_type": "ConsoleAction",
        "trace_rating": "normal",
        "service_type": "CBR",
        "resource_type": type_,
        "resource_id": id_,
        "resource_name": name,
        "time": _milliseconds(moment),
        "record_time": _milliseconds(moment) + 2_000,
        "code": "204" if call.startswith("delete") else "200",
        "user": {"id": stable_id(user), "name": user, "domain": account},
        "source_ip": "192.0.2.17",
        "api_version": "1.0",
        "project_id": PROJECTS[REGION],
    }


def _milliseconds(moment: datetime) -> int:
    return int(moment.replace(tzinfo=UTC).timestamp() * 1000)
