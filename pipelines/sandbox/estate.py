"""The synthetic estate: what an account of a middling company has in CBR at one instant.

Belongs here: resources, vaults, and the course of their backups from day to day. Does not belong here: what goes wrong
(stories.py), oddities of the wire (quirks.py). The same instant gives the same bodies, byte for byte; and a backup
stays what it is from one instant to the next, unless a story says otherwise.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from pipelines.sandbox.copies import record
from pipelines.sandbox.healthy import Resource, point
from pipelines.sandbox.quirks import quirky
from pipelines.sandbox.stories import STORIES, STORY_DAYS, TOLD_BY, Moment, Story

Body = dict[str, Any]

_DAY = timedelta(days=1)
_BEFORE = 15  # days before the first one that have backups: no retention is longer


def estate(now: datetime, began: datetime | None = None) -> list[Body]:
    """Return every backup that the account has at `now` (naive UTC), as ShowBackup sends them.

    The stories begin on the day of `began`, the first one; where it is not given, `now` lies on their last day.
    """
    first = midnight(began or now - (STORY_DAYS - 1) * _DAY)
    today = (now - first) / _DAY + 1
    found: list[Body] = []
    for number, resource in enumerate(resources()):
        story = STORIES.get(TOLD_BY.get(resource.name, ""), Story())
        oldest = int(today) - resource.retention_days - story.lingers.days - 1
        for day in range(max(oldest, 1 - _BEFORE), int(today) + 1):
            body = _at(resource, story, Moment(day, today), first)
            if body and body["updated_at"] <= now.isoformat() and not _purged(body, story, now):
                found.append(quirky(body, 7 * number + day))
    return sorted(found, key=lambda body: str(body["created_at"]))


def midnight(moment: datetime) -> datetime:
    """Return the beginning of a day."""
    return moment.replace(hour=0, minute=0, second=0, microsecond=0)


def resources() -> Iterator[Resource]:
    """Yield the resources: those that nothing happens to, and those that a story is told of."""
    projects = ("research", "finance")
    for number in range(1, 5):
        disks = (40, 100, 200, 500)[: 1 + number % 4]
        yield Resource(f"app-{number:02}", "OS::Nova::Server", "vault-apps", projects[number % 2], disks, 2 + number)
    for number in range(1, 3):
        yield Resource(
            f"disk-{number:02}", "OS::Cinder::Volume", "vault-disks", projects[number % 2], (100,), 2 + number
        )
    yield Resource("share-01", "OS::Sfs::Turbo", "vault-turbo", "research", (500,), 4)
    for number, name in enumerate(TOLD_BY):
        lone, database = name.startswith("disk-"), name.endswith("-db")
        kind = f"OS::{'Cinder::Volume' if lone else 'Nova::Server'}"
        vault = "vault-disks" if lone else "vault-databases" if database else "vault-servers"
        project = "default" if name.startswith("orphan-") else "finance"
        yield Resource(name, kind, vault, project, (100,) if lone else (40, 200), 3 + number % 18)


def _at(resource: Resource, story: Story, moment: Moment, first: datetime) -> Body | None:
    """Return the backup that ran on a day, as it is now; nothing where the story has none."""
    body = point(resource, first + moment.day * _DAY, 0)
    if resource.type == "OS::Nova::Server":  # the only kind that is copied to another region
        body["replication_records"] = [record(body, "success", 0)]
    return story.tell(body, moment)


def _purged(body: Body, story: Story, now: datetime) -> bool:
    """Tell whether the service has removed an expired backup."""
    expiry = body["expired_at"]
    return expiry is not None and datetime.fromisoformat(expiry) + story.lingers <= now
