"""What goes wrong in the estate, and what the report must therefore say.

Belongs here: one `Story` for each planted problem: how it changes a resource's points (newest first; `now` is the
midnight before) and which findings it must cause. Tests hold the report against them: every one is named, and nothing
else.
"""

from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from pipelines.sandbox.copies import record

Body = dict[str, Any]
Points = list[Body]
Found = tuple[str, str, str]  # control, status, reason code

RECENT, GAPS, DEPTH = "resource-recent-recovery-point", "recovery-gap-within-rpo", "recovery-point-depth"
RETENTION, SHORTENED = "backup-retention-minimum", "retention-shortened"
ENCRYPTED, COMPLETE, OWNER = "backup-encrypted", "server-backup-complete", "resource-owner-known"
AUTOMATED, LATEST = "resource-automated-protection", "resource-latest-attempt-succeeded"
FAILURES, SUCCESS, STUCK = "consecutive-failures", "backup-success-rate", "backup-not-stuck"
OFFSITE, REPLICATION, LOST = "resource-offsite-copy", "replication-healthy", "resource-protection-lost"


@dataclass(frozen=True, slots=True)
class Story:
    """One planted problem."""

    tell: Callable[[Points, datetime], Points]
    found: frozenset[Found] = frozenset()


def _at(now: datetime, **before: float) -> str:
    return (now - timedelta(**before)).isoformat(timespec="microseconds")


def _as_it_is(points: Points, now: datetime) -> Points:
    return points


def _chain_stopped(points: Points, now: datetime) -> Points:
    return points[5:]


def _only_errors(points: Points, now: datetime) -> Points:
    return [point | {"status": "error", "expired_at": None} for point in points[:6]]


def _all_expired(points: Points, now: datetime) -> Points:
    return [points[-1] | {"expired_at": _at(now, hours=3)}]


def _still_protecting(points: Points, now: datetime) -> Points:
    """The newest is not finished; the one before is more than a day old."""
    finished = points[1] | {"created_at": _at(now, hours=34), "protected_at": None}
    return [points[0] | {"status": "protecting", "protected_at": None}, finished, *points[3:]]


def _restoring(points: Points, now: datetime) -> Points:
    return [points[0] | {"status": "restoring"}, *points[1:]]


def _short_retention(points: Points, now: datetime) -> Points:
    kept = timedelta(days=7)
    return [
        point | {"expired_at": (datetime.fromisoformat(point["created_at"]) + kept).isoformat()} for point in points[:7]
    ]


def _kept_by_count(points: Points, now: datetime) -> Points:
    return [point | {"expired_at": None} for point in points]


def _by_hand(points: Points, now: datetime) -> Points:
    def manual(point: Body) -> Body:
        info = point["extend_info"] | {"auto_trigger": False}
        return point | {"name": f"manualbk_{point['resource_name']}", "expired_at": None, "extend_info": info}

    return [manual(point) for point in points]


def _each_child(change: Callable[[Body, int], None]) -> Callable[[Points, datetime], Points]:
    """Return a story that changes the children of every point."""

    def tell(points: Points, now: datetime) -> Points:
        points = deepcopy(points)
        for point in points:
            for number, child in enumerate(point["children"]):
                change(child, number)
        return points

    return tell


def _plain_disk(child: Body, number: int) -> None:
    if number == 1:
        child["extend_info"] |= {"encrypted": False, "encrypted_algorithm": None}


def _unsaid(child: Body, number: int) -> None:
    if number == 1:
        del child["extend_info"]["encrypted"]


def _broken(child: Body, number: int) -> None:
    if number == 1:
        child["status"] = "error"


def _nested(child: Body, number: int) -> None:
    """A part of the disk's backup one level further down."""
    if number == 1:
        inner = deepcopy(child) | {"id": str(uuid5(NAMESPACE_URL, child["id"])), "parent_id": child["id"]}
        child["children"] = [inner | {"resource_name": f"{child['resource_name']}-part"}]


def _no_system_disk(points: Points, now: datetime) -> Points:
    def without(point: Body) -> Body:
        info = point["extend_info"] | {"contain_system_disk": False}
        rest = point["children"][1:]
        size = sum(c["resource_size"] for c in rest)
        # What has no system disk can not be replicated.
        return point | {"extend_info": info, "children": rest, "resource_size": size, "replication_records": []}

    return [without(point) for point in points]


def _no_children(points: Points, now: datetime) -> Points:
    return [point | {"children": []} for point in points]


def _resized(points: Points, now: datetime) -> Points:
    return [points[0] | {"resource_size": points[0]["resource_size"] + 60}, *points[1:]]


def _every_status(points: Points, now: datetime) -> Points:
    others = ["deleting", "waiting_delete", "waiting_protect", "waiting_restore", "restoring", "protecting", "error"]
    statuses = ["available", *others]
    return [point | {"status": status} for point, status in zip(points, statuses, strict=False)]


def _replicated(points: Points, now: datetime) -> Points:
    statuses = ["replicating", "waiting_replicate", "success", "skip", "fail"]
    return [
        point | {"replication_records": [record(point, statuses[number % 5], number)]}
        for number, point in enumerate(points)
    ]


def _copies_from_elsewhere(points: Points, now: datetime) -> Points:
    return [
        point | {"image_type": "replication", "replication_records": [record(point, "success", 0, outgoing=False)]}
        for point in points
    ]


def _found(*found: Found) -> frozenset[Found]:
    return frozenset(found)


STORIES = {
    "chain stopped": Story(_chain_stopped, _found((RECENT, "fail", "overdue"), (GAPS, "fail", "open_gap"))),
    "only errors": Story(
        _only_errors,
        _found(
            (RECENT, "fail", "none"),
            (GAPS, "fail", "none"),
            (DEPTH, "fail", "too_few"),
            (AUTOMATED, "fail", "none"),
            (LATEST, "fail", "failed"),
            (FAILURES, "fail", "failing"),
            (SUCCESS, "fail", "low"),
        ),
    ),
    "all expired": Story(
        _all_expired,
        _found(
            (RECENT, "fail", "none"),
            (LOST, "fail", "none_dependable_left"),
            (GAPS, "fail", "open_gap"),
            (DEPTH, "fail", "too_few"),
            (AUTOMATED, "fail", "none"),
            (OFFSITE, "fail", "overdue"),
            (SUCCESS, "unknown", "too_few"),
            (SHORTENED, "unknown", "baseline"),
        ),
    ),
    "still protecting": Story(_still_protecting, _found((RECENT, "fail", "overdue"), (GAPS, "fail", "open_gap"))),
    "restoring": Story(_restoring),
    "short retention": Story(_short_retention, _found((RETENTION, "fail", "too_short"))),
    "kept by count": Story(_kept_by_count, _found((RETENTION, "unknown", "retention_not_visible"))),
    "by hand": Story(_by_hand, _found((AUTOMATED, "fail", "manual_only"))),
    "plain disk": Story(_each_child(_plain_disk), _found((ENCRYPTED, "fail", "plain_disk"))),
    "encryption unsaid": Story(_each_child(_unsaid), _found((ENCRYPTED, "unknown", "encryption_not_said"))),
    "broken child": Story(_each_child(_broken), _found((COMPLETE, "fail", "child_unusable"))),
    "nested child": Story(_each_child(_nested)),
    "no system disk": Story(_no_system_disk, _found((COMPLETE, "fail", "no_system_disk"))),
    "no children": Story(
        _no_children, _found((COMPLETE, "fail", "no_children"), (ENCRYPTED, "unknown", "no_children"))
    ),
    "resized": Story(_resized),
    "every status": Story(
        _every_status,
        _found(
            (STUCK, "fail", "stuck"),
            (GAPS, "fail", "gaps"),
            (DEPTH, "fail", "too_few"),
            (SUCCESS, "unknown", "too_few"),
            (SHORTENED, "unknown", "baseline"),
        ),
    ),
    "replicated": Story(_replicated, _found((REPLICATION, "fail", "failed"), (REPLICATION, "fail", "stuck"))),
    "copies from elsewhere": Story(_copies_from_elsewhere),
    "without an owner": Story(_as_it_is, _found((OWNER, "fail", "nobody"))),
}

# Whom it happens to.
TOLD_BY: dict[str, tuple[str, ...]] = {
    "erp-db": ("chain stopped",),
    "mail-01": ("only errors",),
    "wiki-01": ("all expired",),
    "crm-db": ("still protecting",),
    "build-01": ("restoring",),
    "hr-files": ("short retention",),
    "legacy-01": ("kept by count",),
    "lab-01": ("by hand",),
    "payroll-db": ("plain disk",),
    "kiosk-01": ("encryption unsaid",),
    "ledger-db": ("broken child",),
    "cache-01": ("nested child",),
    "gateway-01": ("no system disk",),
    "proxy-01": ("no children",),
    "media-01": ("resized",),
    "disk-spare": ("every status",),
    "core-db": ("replicated",),
    "orphan-01": ("without an owner",),
    "branch-db": ("copies from elsewhere",),
}
