"""What can go wrong with a backup: it changes, is missing, or disappears.

Each function takes a healthy backup and the moment at which it is looked at, and returns the backup as it is then, or
None. Which resource it happens to, and which findings it must cause, is in scenarios.py; changes of the disks in a
server's backup are in disk_changes.py.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from pipelines.sandbox.replication import replication_record

Body = dict[str, Any]
SCENARIO_DAYS = 30
LAST_DAY = SCENARIO_DAYS - 1  # the day of the newest backup if the reading of the last day begins early in it


@dataclass(frozen=True, slots=True)
class Moment:
    """The day of a backup and the time of looking at it, both counted from the first day of the scenario, which is 1.

    What a change makes of a backup depends on `day` alone, unless something is changed later.
    """

    day: int
    today: float  # 2.5 is noon of the second day


Change = Callable[[Body, Moment], Body | None]


def unchanged(body: Body, moment: Moment) -> Body | None:
    """Nothing goes wrong."""
    return body


def chain_stopped(body: Body, moment: Moment) -> Body | None:
    """No backup runs any more."""
    return body if moment.day <= LAST_DAY - 4 else None


def only_errors(body: Body, moment: Moment) -> Body | None:
    """A new server, all of whose backups fail."""
    return body | {"status": "error", "expired_at": None} if moment.day >= LAST_DAY - 5 else None


def all_expired(body: Body, moment: Moment) -> Body | None:
    """Backups stopped long ago; the last one has just expired."""
    return body if moment.day <= LAST_DAY - 15 else None


def still_protecting(body: Body, moment: Moment) -> Body | None:
    """A backup does not finish, and none begins after it."""
    if moment.day == LAST_DAY:
        return body | {"status": "protecting", "protected_at": None}
    return body if moment.day < LAST_DAY else None


def restoring(body: Body, moment: Moment) -> Body | None:
    """The newest backup is being restored."""
    return body | {"status": "restoring"} if moment.day == int(moment.today) - 1 else body


def short_retention(body: Body, moment: Moment) -> Body | None:
    """Each backup is kept for a week, and always was."""
    return _with_retention(body, 7)


def retention_shortened(body: Body, moment: Moment) -> Body | None:
    """Somebody lets all backups expire earlier, existing ones included."""
    return _with_retention(body, 8) if moment.today >= LAST_DAY - 9.6 else body


def kept_by_count(body: Body, moment: Moment) -> Body | None:
    """The policy keeps the ten newest, and each has no expiry."""
    return _with_expiry(body, None) if moment.day > int(moment.today) - 11 else None


def manual_only(body: Body, moment: Moment) -> Body | None:
    """All backups are made by hand, none by a policy."""
    if moment.day < LAST_DAY - 14:
        return None
    info = body["extend_info"] | {"auto_trigger": False}
    return _with_expiry(body, None) | {"name": f"manualbk_{body['resource_name']}", "extend_info": info}


def deleted(body: Body, moment: Moment) -> Body | None:
    """Somebody deletes all existing backups, early in an afternoon."""
    return None if moment.today >= LAST_DAY - 0.4 and moment.day <= LAST_DAY - 2 else body


def resized(body: Body, moment: Moment) -> Body | None:
    """The server has grown."""
    return body | {"resource_size": body["resource_size"] + 60} if moment.day >= LAST_DAY else body


def every_status(body: Body, moment: Moment) -> Body | None:
    """One backup in each status, and none after."""
    statuses = [
        "available",
        "deleting",
        "waiting_delete",
        "waiting_protect",
        "waiting_restore",
        "restoring",
        "protecting",
        "error",
    ]
    number = LAST_DAY - moment.day
    return body | {"status": statuses[number]} if 0 <= number < len(statuses) else None


def replication_in_every_status(body: Body, moment: Moment) -> Body | None:
    """Replications are running, waiting, done, skipped and failed in turn."""
    number = (LAST_DAY - moment.day) % 5
    status = ["replicating", "waiting_replicate", "success", "skip", "fail"][number]
    return body | {"replication_records": [replication_record(body, status, number)]}


def replication_failed_for_a_week(body: Body, moment: Moment) -> Body | None:
    """All replications of one week failed; before and after it they succeeded."""
    failed = LAST_DAY - 9 <= moment.day < LAST_DAY - 2
    return body | {"replication_records": [replication_record(body, "fail", 0)]} if failed else body


def replicas(body: Body, moment: Moment) -> Body | None:
    """The backups are copies from another region."""
    records = [replication_record(body, "success", 0, outgoing=False)]
    return body | {"image_type": "replication", "replication_records": records}


def _with_retention(body: Body, days: int) -> Body:
    created = datetime.fromisoformat(body["created_at"])
    return _with_expiry(body, (created + timedelta(days=days)).isoformat(timespec="microseconds"))


def _with_expiry(body: Body, expiry: str | None) -> Body:
    """Return the backup with another expiry, which its children share."""
    children = [child | {"expired_at": expiry} for child in body["children"]]
    return body | {"expired_at": expiry, "children": children}
