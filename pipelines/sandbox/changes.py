"""What can go wrong with a backup: how it changes, stays away, or vanishes.

Belongs here: one function each, from a healthy backup and the moment at which somebody looks to the backup as it is
then, or nothing. Does not belong here: whom it happens to and what the report must say (stories.py). What a function
says of a backup hangs on its day alone, unless the story is one of something that changes later.
"""

from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from pipelines.sandbox.copies import record

Body = dict[str, Any]
STORY_DAYS = 30
_LAST = STORY_DAYS - 1  # the day of the newest backup when a reading of the last day begins early in it


@dataclass(frozen=True, slots=True)
class Moment:
    """A backup's day and the moment of looking at it, both counted from the story's first day, which is day 1."""

    day: int
    today: float  # 2.5 is noon of the second day


Change = Callable[[Body, Moment], Body | None]


def as_it_is(body: Body, moment: Moment) -> Body | None:
    """Nothing goes wrong."""
    return body


def chain_stopped(body: Body, moment: Moment) -> Body | None:
    """No backup runs any more."""
    return body if moment.day <= _LAST - 4 else None


def only_errors(body: Body, moment: Moment) -> Body | None:
    """A new server, of which no backup ever came to its end."""
    return body | {"status": "error", "expired_at": None} if moment.day >= _LAST - 5 else None


def all_expired(body: Body, moment: Moment) -> Body | None:
    """Backups stopped long ago; the last one has just expired."""
    return body if moment.day <= _LAST - 15 else None


def still_protecting(body: Body, moment: Moment) -> Body | None:
    """A backup does not come to its end, and none begins after it."""
    if moment.day == _LAST:
        return body | {"status": "protecting", "protected_at": None}
    return body if moment.day < _LAST else None


def restoring(body: Body, moment: Moment) -> Body | None:
    """Somebody restores from the newest one."""
    return body | {"status": "restoring"} if moment.day == int(moment.today) - 1 else body


def short_retention(body: Body, moment: Moment) -> Body | None:
    """Each is kept for a week, and always was."""
    return _kept(body, 7)


def retention_shortened(body: Body, moment: Moment) -> Body | None:
    """Somebody lets all of them expire earlier, those that are there included."""
    return _kept(body, 8) if moment.today >= _LAST - 9.6 else body


def kept_by_count(body: Body, moment: Moment) -> Body | None:
    """The policy keeps the ten newest, and each has no expiry."""
    return _expires(body, None) if moment.day > int(moment.today) - 11 else None


def by_hand(body: Body, moment: Moment) -> Body | None:
    """Somebody makes them, and no policy does."""
    if moment.day < _LAST - 14:
        return None
    info = body["extend_info"] | {"auto_trigger": False}
    return _expires(body, None) | {"name": f"manualbk_{body['resource_name']}", "extend_info": info}


def deleted(body: Body, moment: Moment) -> Body | None:
    """Somebody deletes all that are there, early in an afternoon."""
    return None if moment.today >= _LAST - 0.4 and moment.day <= _LAST - 2 else body


def disk_dropped(body: Body, moment: Moment) -> Body | None:
    """A disk is not in the server's backups any more."""
    if moment.day < _LAST - 6:
        return body
    rest = body["children"][:1]
    return body | {"children": rest, "resource_size": sum(child["resource_size"] for child in rest)}


def each_child(change: Callable[[Body, int], None]) -> Change:
    """Return what changes the children of every backup."""

    def changed(body: Body, moment: Moment) -> Body | None:
        body = deepcopy(body)
        for number, child in enumerate(body["children"]):
            change(child, number)
        return body

    return changed


def plain_disk(child: Body, number: int) -> None:
    """The second disk is not encrypted."""
    if number == 1:
        child["extend_info"] |= {"encrypted": False, "encrypted_algorithm": None}


def unsaid(child: Body, number: int) -> None:
    """The second disk does not say whether it is encrypted."""
    if number == 1:
        del child["extend_info"]["encrypted"]


def broken(child: Body, number: int) -> None:
    """The second disk's part did not come to its end."""
    if number == 1:
        child["status"] = "error"


def nested(child: Body, number: int) -> None:
    """A part of the disk's backup one level further down."""
    if number == 1:
        inner = deepcopy(child) | {"id": str(uuid5(NAMESPACE_URL, child["id"])), "parent_id": child["id"]}
        child["children"] = [inner | {"resource_name": f"{child['resource_name']}-part"}]


def no_system_disk(body: Body, moment: Moment) -> Body | None:
    """The system disk is left out; what has none can not be copied."""
    info = body["extend_info"] | {"contain_system_disk": False}
    rest = body["children"][1:]
    size = sum(child["resource_size"] for child in rest)
    return body | {"extend_info": info, "children": rest, "resource_size": size, "replication_records": []}


def no_children(body: Body, moment: Moment) -> Body | None:
    """The details name no disk."""
    return body | {"children": []}


def resized(body: Body, moment: Moment) -> Body | None:
    """The server has grown."""
    return body | {"resource_size": body["resource_size"] + 60} if moment.day >= _LAST else body


def every_status(body: Body, moment: Moment) -> Body | None:
    """One backup in each state that there is, and none after."""
    others = ["deleting", "waiting_delete", "waiting_protect", "waiting_restore", "restoring", "protecting", "error"]
    number = _LAST - moment.day
    return body | {"status": ["available", *others][number]} if 0 <= number <= len(others) else None


def copies_end_in_every_way(body: Body, moment: Moment) -> Body | None:
    """Replications are running, waiting, done, left out, failed, in turn."""
    number = (_LAST - moment.day) % 5
    status = ["replicating", "waiting_replicate", "success", "skip", "fail"][number]
    return body | {"replication_records": [record(body, status, number)]}


def copies_fail(body: Body, moment: Moment) -> Body | None:
    """No copy came to its end for a week; before and after it all did."""
    failed = _LAST - 9 <= moment.day < _LAST - 2
    return body | {"replication_records": [record(body, "fail", 0)]} if failed else body


def copies_from_elsewhere(body: Body, moment: Moment) -> Body | None:
    """What is here are copies."""
    records = [record(body, "success", 0, outgoing=False)]
    return body | {"image_type": "replication", "replication_records": records}


def _kept(body: Body, days: int) -> Body:
    created = datetime.fromisoformat(body["created_at"])
    return _expires(body, (created + timedelta(days=days)).isoformat(timespec="microseconds"))


def _expires(body: Body, expiry: str | None) -> Body:
    """Return the backup with another expiry, which its children share."""
    children = [child | {"expired_at": expiry} for child in body["children"]]
    return body | {"expired_at": expiry, "children": children}
