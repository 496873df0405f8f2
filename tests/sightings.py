"""What the readings of a scope tell of its backups: the foundation of the specification, B.1.

The bodies are read here in plain Python; what follows from them is said in judge.py.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, NamedTuple

Body = dict[str, Any]


USABLE = {"available", "restoring", "waiting_restore"}
IN_FLIGHT = {"protecting", "waiting_protect"}
GOING = {"deleting", "waiting_delete"}
SERVER, VOLUME = "OS::Nova::Server", "OS::Cinder::Volume"


def hours(number: float) -> timedelta:
    return timedelta(hours=number)


def days(number: float) -> timedelta:
    return timedelta(days=number)


SKEW = timedelta(minutes=5)
HOUR = hours(1)


@dataclass(frozen=True)
class Reading:
    """One snapshot of a scope as the wire had it: bodies of which details were read, and rows of the list alone."""

    scope: str
    as_of: datetime
    ended_at: datetime
    project: str
    region: str
    complete: bool
    shown: tuple[Body, ...]
    listed: tuple[Body, ...] = ()


@dataclass(frozen=True)
class Row:
    """One backup as one reading tells of it (the table of B.1)."""

    id: str
    resource: str
    type: str
    status: str
    created: datetime
    moment: datetime
    expires: datetime | None
    auto: bool | None
    replica: bool
    checkpoint: str | None
    loaded: bool
    records: tuple[Body, ...]
    info: Body
    children: tuple["Row", ...]

    @property
    def usable(self) -> bool:
        return self.status in USABLE

    def dependable(self, now: datetime) -> bool:
        """B.1: usable, and not past its expiry."""
        return self.usable and (self.expires is None or self.expires > now)


def instant(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)


def read_row(body: Body, as_of: datetime, loaded: bool) -> Row:
    """B.1: `auto` by the flag, else by the name; `rp_time` by protected_at only where it is plausible."""
    info = body.get("extend_info") or {}
    auto = info.get("auto_trigger")
    if auto is None:
        name = body.get("name") or ""
        auto = True if name.startswith("autobk_") else False if name.startswith("manualbk_") else None
    created, protected = instant(body["created_at"]), instant(body.get("protected_at"))
    assert created is not None
    updated = instant(body.get("updated_at")) or as_of
    plausible = protected is not None and created - SKEW <= protected <= updated + SKEW
    return Row(
        id=body["id"],
        resource=body["resource_id"],
        type=body["resource_type"],
        status=body["status"],
        created=created,
        moment=protected if plausible and protected else created,
        expires=instant(body.get("expired_at")),
        auto=auto,
        replica=body["image_type"] == "replication",
        checkpoint=body.get("checkpoint_id"),
        loaded=loaded,
        records=tuple(body.get("replication_records") or ()),
        info=info,
        children=tuple(read_row(child, as_of, loaded) for child in body.get("children") or ()) if loaded else (),
    )


class Sighting(NamedTuple):
    """A point as one reading saw it. A disk's is usable where its server's backup is, too."""

    reading: int
    as_of: datetime
    row: Row
    whole: Row  # the server's backup that a disk's point is part of; else the point itself
    usable: bool
    dependable: bool


@dataclass
class Point:
    """A recovery point of a resource through its life: a backup of its own, or a disk within a server's."""

    id: str
    sightings: list[Sighting] = field(default_factory=list)

    @property
    def last(self) -> Row:
        return self.sightings[-1].row

    @property
    def first(self) -> Row:
        return self.sightings[0].row

    @property
    def was_usable(self) -> bool:
        return any(sighting.usable for sighting in self.sightings)

    @property
    def life(self) -> timedelta | None:
        return self.first.expires - self.first.created if self.first.expires else None


class Scope:
    """All complete readings of a scope, in their order, and what they tell of its backups.

    B.1, completeness gate: absence is evidence only between two consecutive complete snapshots, so that partial ones
    are left out.
    """

    def __init__(self, name: str, readings: Sequence[Reading]) -> None:
        complete = sorted((reading for reading in readings if reading.complete), key=lambda reading: reading.as_of)
        self.name = name
        self.readings = complete
        self.project, self.region, self.as_of = complete[-1].project, complete[-1].region, complete[-1].as_of
        self.seen: list[dict[str, Row]] = []
        self.backups: dict[str, Point] = {}
        self.disks: dict[str, dict[str, Point]] = {}  # by the disk, then by the id of its part
        self.servers_of: dict[str, set[str]] = {}
        # By server, and whether copies: the moments of usable backups that had each disk; by disk: the newest of each.
        self.held: dict[tuple[str, bool], dict[str, set[datetime]]] = defaultdict(lambda: defaultdict(set))
        self.newest_with: dict[str, dict[str, datetime]] = defaultdict(dict)
        for number, reading in enumerate(complete):
            self._take(number, reading)

    def _take(self, number: int, reading: Reading) -> None:
        bodies = [(body, True) for body in reading.shown] + [(body, False) for body in reading.listed]
        rows = [read_row(body, reading.as_of, loaded) for body, loaded in bodies]
        self.seen.append({row.id: row for row in rows})
        for row in rows:
            good = row.dependable(reading.as_of)
            point = self.backups.setdefault(row.id, Point(row.id))
            point.sightings.append(Sighting(number, reading.as_of, row, row, row.usable, good))
            for child in row.children:
                newest = self.newest_with[child.resource]
                newest[row.resource] = max(newest.get(row.resource, row.moment), row.moment)
                if row.usable:
                    self.held[row.resource, row.replica][child.resource].add(row.moment)
                self.servers_of.setdefault(child.resource, set()).add(row.resource)
                if row.replica:
                    self.disks.setdefault(child.resource, {})
                    continue
                part = self.disks.setdefault(child.resource, {}).setdefault(child.id, Point(child.id))
                usable = row.usable and child.usable
                sighting = Sighting(number, reading.as_of, child, row, usable, good and child.dependable(reading.as_of))
                part.sightings.append(sighting)

    @property
    def now(self) -> dict[str, Row]:
        return self.seen[-1]

    def backups_of(self, resource: str, *, replica: bool = False) -> list[Point]:
        """Return the backups of a resource that are not dated in the future (control 1: these are excluded)."""
        return [
            point
            for point in self.backups.values()
            if point.last.resource == resource and point.last.replica == replica and not self.in_future(point)
        ]

    def points_of(self, resource: str) -> list[Point]:
        """B.1, resource grain: a volume is covered by its own backups or by those of its server."""
        parts = [part for part in self.disks.get(resource, {}).values() if not self.in_future(part)]
        return self.backups_of(resource) + parts

    def only_copies(self, resource: str) -> bool:
        if resource in self.disks and not self.disks[resource]:
            return True
        replicas = [point.last.replica for point in self.backups.values() if point.last.resource == resource]
        return bool(replicas) and all(replicas)

    def in_future(self, point: Point) -> bool:
        return point.last.moment > self.as_of + SKEW

    def is_there(self, point: Point) -> bool:
        return point.sightings[-1].reading == len(self.readings) - 1

    def is_named(self, subject: str) -> bool:
        """Whether the newest reading has a backup of the resource, or of the disk within a server's."""
        rows = self.now.values()
        return any(subject in (row.resource, *(child.resource for child in row.children)) for row in rows)

    def resources(self) -> set[str]:
        return {point.last.resource for point in self.backups.values()}

    def hidden_disks(self, resource: str, *, ever: bool) -> bool:
        """A.1 #5: whether backups of its servers, of which details were not read, may hold this disk."""
        servers = self.servers_of.get(resource, set())
        for backup in self.backups.values():
            last = backup.sightings[-1]
            if last.row.resource not in servers or last.row.replica:
                continue
            if not any(sighting.row.loaded for sighting in backup.sightings) and backup.was_usable and ever:
                return True
            if self.is_there(backup) and last.dependable and not last.row.loaded:
                return True
        return False
