"""What can go wrong with the disks inside a server's backup. The other changes are in changes.py."""

from collections.abc import Callable
from copy import deepcopy
from uuid import NAMESPACE_URL, uuid5

from pipelines.sandbox.changes import LAST_DAY, Body, Change, Moment


def second_disk(change: Callable[[Body], None]) -> Change:
    """Return the change that applies `change` to the second disk of every backup."""

    def changed(body: Body, moment: Moment) -> Body | None:
        body = deepcopy(body)
        change(body["children"][1])
        return body

    return changed


def not_encrypted(child: Body) -> None:
    """The disk is not encrypted."""
    child["extend_info"] |= {"encrypted": False, "encrypted_algorithm": None}


def encryption_missing(child: Body) -> None:
    """The backup does not say whether the disk is encrypted."""
    del child["extend_info"]["encrypted"]


def failed(child: Body) -> None:
    """The backup of the disk failed."""
    child["status"] = "error"


def nested(child: Body) -> None:
    """The backup of the disk has a backup inside it."""
    inner = deepcopy(child) | {"id": str(uuid5(NAMESPACE_URL, child["id"])), "parent_id": child["id"]}
    child["children"] = [inner | {"resource_name": f"{child['resource_name']}-part"}]


def disk_dropped(body: Body, moment: Moment) -> Body | None:
    """A disk is no longer in the server's backups."""
    if moment.day < LAST_DAY - 6:
        return body
    children = body["children"][:1]
    return body | {"children": children, "resource_size": sum(child["resource_size"] for child in children)}


def no_system_disk(body: Body, moment: Moment) -> Body | None:
    """The system disk is left out, so that the backup can't be replicated."""
    info = body["extend_info"] | {"contain_system_disk": False}
    children = body["children"][1:]
    size = sum(child["resource_size"] for child in children)
    return body | {"extend_info": info, "children": children, "resource_size": size, "replication_records": []}


def no_children(body: Body, moment: Moment) -> Body | None:
    """The details name no disk."""
    return body | {"children": []}
