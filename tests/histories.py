"""Made-up estates that live for some weeks, and what every reading of them has on the wire.

An estate has a source scope, perhaps a second scope of another region with copies, a calendar of readings, and the
stories of its resources. A story is a schedule, a way of keeping, and what happens to it on which day.
"""

from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from hypothesis import strategies as st

from tests.judge import Policy
from tests.sightings import SERVER, VOLUME, Body, Reading

START = datetime(2026, 3, 1)
SOURCE, DESTINATION = "source", "destination"
TURBO = "OS::Sfs::Turbo"

# What happens on a day, before it is read: to the attempts of that day, to points that are there, from then on.
ATTEMPTS: tuple[str, ...] = (
    "fail",
    "fail_and_gone",
    "miss",
    "in_flight",
    "in_flight_error",
    "in_flight_gone",
    "disk_error",
)
ATTEMPTS += ("disk_expires", "disk_missing", "no_children", "other_checkpoint")
DELETIONS = ("delete_newest", "delete_oldest", "delete_two_oldest", "delete_middle", "delete_one", "delete_all")
EXPIRIES = (
    "nearer",
    "nearer_a_little",
    "soon",
    "all_soon",
    "farther",
    "to_null",
    "to_dated",
    "creep",
    "nearer_for_a_day",
)
STATUSES: tuple[str, ...] = (
    "to_error",
    "newest_to_error",
    "all_to_error",
    "deleting",
    "deleting_gone",
    "all_deleting",
    "restoring",
)
STATUSES += ("waiting_restore", "list_only", "all_list_only", "other_vault", "disk_to_error", "disk_nearer")
EXTRAS = ("golden", "manual", "manual_dated", "manual_deleted", "future", "plain_name")
LASTING: tuple[str, ...] = (
    "drop_disk",
    "move_disk",
    "add_disk",
    "half_life",
    "double_life",
    "to_count",
    "fewer",
    "pause",
    "stop",
)
LASTING += ("recreate",)
COPIES: tuple[str, ...] = (
    "copy_error",
    "copy_deleted",
    "copy_soon",
    "copy_incomplete",
    "copy_nearer",
    "copy_only_claimed",
)
COPIES += ("copy_without_record", "record_fails", "copies_stop")
KINDS = ATTEMPTS + DELETIONS + EXPIRIES + STATUSES + EXTRAS + LASTING

DEFAULT = Policy()


@dataclass(frozen=True)
class Event:
    """What happens to a resource on a day; `pick` says to which of its points, where it is one of several."""

    day: int
    kind: str
    pick: int = 0


@dataclass(frozen=True)
class Story:
    """The life of a resource."""

    type: str = SERVER
    every_hours: int = 24
    keep_days: float | None = 30
    keep_count: int | None = None  # where there are no days: automatic points are kept by count
    automatic: bool = True
    backlog: int = 0  # points that were made before the first reading
    begins: int = 0
    purge_hours: int = 0
    trim_every: int = 1
    disks: int = 1
    system_disk: bool = True
    copy_every: int | None = None  # points of which one is copied
    events: tuple[Event, ...] = ()


@dataclass(frozen=True)
class Estate:
    """Resources, and the days on which their scopes are read."""

    days: int
    stories: tuple[Story, ...]
    unread: frozenset[int] = frozenset()
    partial: frozenset[int] = frozenset()
    destination_is_read: bool = True
    destination_every: int = 1
    destination_unread: frozenset[int] = frozenset()
    policy: Policy = DEFAULT


def stories() -> st.SearchStrategy[Story]:
    pick = st.integers(0, 40)
    kinds = st.sampled_from(KINDS + COPIES)
    events = st.lists(st.builds(Event, st.integers(1, 38), kinds, pick), max_size=5).map(tuple)
    dated = st.sampled_from([1.0, 2.0, 3.0, 5.0, 7.0, 14.0, 29.0, 30.0, 31.0, 60.0, 90.0])
    common: dict[str, Any] = {
        "events": events,
        "begins": st.sampled_from([0, 0, 0, 0, 3, 10, 20]),
        "backlog": st.sampled_from([0, 1, 3, 8, 30]),
        "disks": st.sampled_from([1, 2, 3]),
        "system_disk": st.sampled_from([True, True, True, False]),
        "copy_every": st.sampled_from([None, 1, 1, 3, 7]),
        "type": st.sampled_from([SERVER, SERVER, SERVER, SERVER, VOLUME, TURBO]),
    }
    by_days = st.builds(
        Story,
        every_hours=st.sampled_from([24, 24, 24, 12, 168]),
        keep_days=dated,
        purge_hours=st.sampled_from([0, 30, 48]),
        **common,
    )
    by_count = st.builds(
        Story,
        every_hours=st.sampled_from([24, 24, 24, 8, 168]),
        keep_days=st.none(),
        keep_count=st.integers(1, 9),
        trim_every=st.sampled_from([1, 2]),
        **common,
    )
    short = st.builds(
        Story, every_hours=st.sampled_from([1, 4]), keep_days=st.none(), keep_count=st.integers(2, 5), **common
    )
    brief = st.builds(
        Story, every_hours=st.sampled_from([1, 4]), keep_days=st.sampled_from([0.125, 0.5, 1.0]), **common
    )
    by_hand = st.builds(
        Story,
        every_hours=st.sampled_from([24, 72]),
        keep_days=st.one_of(st.none(), dated),
        automatic=st.just(False),
        **common,
    )
    return st.one_of(by_days, by_days, by_count, by_count, short, brief, by_hand)


def policies() -> st.SearchStrategy[Policy]:
    return st.sampled_from(
        [
            Policy(),
            Policy(),
            Policy(),
            Policy(require_verified_copy=True),
            Policy(
                rpo_hours=168, grace_hours=12, min_retention_days=7, require_verified_copy=True, offsite_rpo_hours=48
            ),
            Policy(rpo_hours=4, grace_hours=1, min_retention_days=14),
        ]
    )


def estates(least: int = 1, most: int = 14) -> st.SearchStrategy[Estate]:
    """Return estates of so many resources; a reading costs much more than a resource does."""
    day = st.integers(2, 40)
    return st.builds(
        Estate,
        days=st.integers(15, 40),
        stories=st.lists(stories(), min_size=least, max_size=most).map(tuple),
        unread=st.one_of(
            st.frozensets(day, max_size=4), st.builds(lambda d, n: frozenset(range(d, d + n)), day, st.integers(1, 7))
        ),
        partial=st.frozensets(day, max_size=2),
        destination_is_read=st.sampled_from([True, True, True, False]),
        destination_every=st.sampled_from([1, 3, 7]),
        destination_unread=st.frozensets(st.integers(2, 40), max_size=6),
        policy=policies(),
    )


@dataclass
class Backup:
    """A backup as it stands in the service, and what is to happen to it."""

    body: Body
    created: datetime
    loaded: bool = True
    creep: bool = False
    later: dict[int, dict[str, Any] | None] = field(default_factory=dict)  # by day: what changes, or None: it goes

    @property
    def expires(self) -> datetime | None:
        text = self.body["expired_at"]
        return None if text is None else datetime.fromisoformat(text)

    def expire(self, moment: datetime | None) -> None:
        for body in (self.body, *self.body["children"]):
            body["expired_at"] = None if moment is None else wire(moment)


def wire(moment: datetime) -> str:
    return moment.isoformat(timespec="microseconds")


def reading_time(day: int, scope: str = SOURCE) -> datetime:
    """About six in the morning, and never at the same minute; the destination is read an hour after its source."""
    return START + timedelta(days=day, hours=6 if scope == SOURCE else 7, minutes=day * 7 % 50)


class Resource:
    """One resource that lives by its story."""

    def __init__(self, number: int, story: Story, others: int) -> None:
        self.story, self.name, self.others = story, f"r{number}", others
        self.neighbour = f"r{(number + 1) % others}"
        self.backups: list[Backup] = []
        self.copies: list[Backup] = []
        self.disks = [f"{self.name}-disk-{n}" for n in range(story.disks)]
        self.keep_days, self.keep_count = story.keep_days, story.keep_count
        self.paused_until = story.begins
        self.copying = story.copy_every is not None and story.type == SERVER and story.system_disk
        self.guest: str | None = None  # a disk that moved here
        self.made = 0
        self.next_at = START + timedelta(days=story.begins, hours=2, minutes=number)
        self.next_at -= timedelta(hours=story.backlog * story.every_hours)

    def live(self, day: int, neighbours: dict[str, "Resource"]) -> None:
        """Let a day pass, up to its reading."""
        now = reading_time(day)
        today = [event for event in self.story.events if event.day == day]
        for backup in [*self.backups, *self.copies]:
            self._come_due(backup, day)
        for event in today:
            self._from_now_on(event, neighbours)
        while self.next_at <= now:
            if day >= self.paused_until or self.next_at < START:
                self._make(self.next_at, day, [event for event in today if event.kind in ATTEMPTS + COPIES])
            self.next_at += timedelta(hours=self.story.every_hours)
        for event in today:
            self._happen(event, day, now)
        self._purge(day, now)

    def _come_due(self, backup: Backup, day: int) -> None:
        if backup.creep and backup.expires:
            backup.expire(backup.expires - timedelta(minutes=40))
        if day in backup.later:
            change = backup.later[day]
            if change is None:
                self._remove([backup])
            else:
                set_status(backup, change) if "status" in change else backup.expire(change["expires"])

    def _remove(self, gone: list[Backup]) -> None:
        self.backups = [backup for backup in self.backups if backup not in gone]
        self.copies = [backup for backup in self.copies if backup not in gone]

    def _from_now_on(self, event: Event, neighbours: dict[str, "Resource"]) -> None:
        match event.kind:
            case "drop_disk" if len(self.disks) > 1:
                self.disks.pop()
            case "move_disk" if len(self.disks) > 1 and neighbours[self.neighbour].story.type == SERVER:
                if self.neighbour != self.name:
                    neighbours[self.neighbour].guest = self.disks.pop()
            case "add_disk":
                self.disks.append(f"{self.name}-disk-added-{event.day}")
            case _:
                self._change_schedule(event)

    def _change_schedule(self, event: Event) -> None:
        match event.kind:
            case "half_life" if self.keep_days:
                self.keep_days /= 2
            case "double_life" if self.keep_days:
                self.keep_days *= 2
            case "to_count" if self.keep_days:
                self.keep_days, self.keep_count = None, 5
            case "fewer" if self.keep_count:
                self.keep_count = max(1, self.keep_count - 2)
            case "pause":
                self.paused_until = event.day + 5
            case "stop":
                self.paused_until = 1000
            case "recreate":
                self.backups, self.paused_until = [], event.day + 3
            case "miss":
                self.paused_until = max(self.paused_until, event.day + 1)
            case "copies_stop":
                self.copying = False

    def _make(self, created: datetime, day: int, events: list[Event]) -> None:
        self.made += 1
        expires = None
        if self.keep_days is not None:
            expires = created + timedelta(days=self.keep_days) - timedelta(microseconds=4280)
        backup = self._backup(f"{self.name}-{self.made:03d}", created, expires, automatic=self.story.automatic)
        self.backups.append(backup)
        if created < reading_time(day - 1):
            events = []
        for event in events:
            self._spoil(event.kind, backup, day)
        usable = backup.body["status"] == "available"
        if self.copying and usable and self.made % (self.story.copy_every or 1) == 0:
            self._copy(backup, {event.kind for event in events})

    def _backup(self, name: str, created: datetime, expires: datetime | None, *, automatic: bool) -> Backup:
        story = self.story
        body: Body = {
            "id": name,
            "name": f"{'autobk' if automatic else 'manualbk'}_{name}",
            "status": "available",
            "image_type": "backup",
            "created_at": wire(created),
            "protected_at": wire(created + timedelta(seconds=23)) if story.type == SERVER else None,
            "updated_at": wire(created + timedelta(minutes=9)),
            "expired_at": expires and wire(expires),
            "checkpoint_id": f"checkpoint-{name}",
            "project_id": f"project-{SOURCE}",
            "vault_id": "vault-1",
            "resource_id": self.name,
            "resource_name": self.name,
            "resource_type": story.type,
            "resource_size": 40,
            "children": [],
            "replication_records": [],
            "extend_info": {"auto_trigger": automatic},
        }
        if story.type == SERVER:
            body["extend_info"]["contain_system_disk"] = story.system_disk
            disks = [*self.disks, *([self.guest] if self.guest else [])]
            body["children"] = [self._part(body, disk, number) for number, disk in enumerate(disks)]
            body["resource_size"] = 40 * len(disks)
        return Backup(body, created)

    def _part(self, body: Body, disk: str, number: int) -> Body:
        same = ("name", "status", "image_type", "created_at", "expired_at", "checkpoint_id")
        first = number == 0 and self.story.system_disk
        return {key: body[key] for key in same} | {
            "id": f"{body['id']}-{disk}",
            "parent_id": body["id"],
            "resource_id": disk,
            "resource_name": disk,
            "resource_type": VOLUME,
            "resource_size": 40,
            "children": [],
            "replication_records": [],
            "extend_info": {
                "auto_trigger": body["extend_info"]["auto_trigger"],
                "bootable": first,
                "system_disk": first,
            },
        }

    def _spoil(self, kind: str, backup: Backup, day: int) -> None:
        """Let an attempt end otherwise than well."""
        parts = backup.body["children"]
        match kind:
            case "fail" | "fail_and_gone":
                set_status(backup, {"status": "error"})
                backup.later[day + (2 if kind == "fail_and_gone" else 30)] = None
            case "in_flight" | "in_flight_error" | "in_flight_gone":
                set_status(backup, {"status": "protecting"})
                after = {"in_flight": {"status": "available"}, "in_flight_error": {"status": "error"}}
                backup.later[day + 1] = after.get(kind)
            case "disk_error" if parts:
                parts[-1]["status"] = "error"
            case "disk_expires" if parts:
                parts[-1]["expired_at"] = wire(backup.created + timedelta(days=3))
            case "disk_missing" if len(parts) > 1:
                parts.pop()
            case "no_children":
                parts.clear()
            case "other_checkpoint" if parts:
                parts[-1]["checkpoint_id"] = "checkpoint-of-another"

    def _copy(self, backup: Backup, kinds: set[str]) -> None:
        copy_id = f"copy-{backup.body['id']}"
        record = {
            "id": f"record-{backup.body['id']}",
            "created_at": wire(backup.created + timedelta(minutes=20)),
            "status": "success",
            "source_backup_id": backup.body["id"],
            "source_project_id": f"project-{SOURCE}",
            "source_region": f"region-{SOURCE}",
            "destination_backup_id": copy_id,
            "destination_project_id": f"project-{DESTINATION}",
            "destination_region": f"region-{DESTINATION}",
            "vault_id": "vault-1",
        }
        if "record_fails" in kinds:
            backup.body["replication_records"] = [record | {"status": "fail", "destination_backup_id": None}]
            return
        if "copy_without_record" not in kinds:
            backup.body["replication_records"] = [record]
        if "copy_only_claimed" in kinds:
            return
        body = deepcopy(backup.body)
        same = {"image_type": "replication", "checkpoint_id": f"checkpoint-{copy_id}"}
        body |= same | {"id": copy_id, "project_id": f"project-{DESTINATION}", "replication_records": [record]}
        body["created_at"] = wire(backup.created + timedelta(minutes=21))
        for part in body["children"]:
            part |= same | {"id": f"copy-{part['id']}", "parent_id": copy_id}
        self.copies.append(Backup(body, backup.created))

    def _happen(self, event: Event, day: int, now: datetime) -> None:
        usable = [backup for backup in self.backups if backup.body["status"] == "available"]
        if event.kind in EXTRAS:
            self._add(event.kind, day, now)
        elif event.kind in COPIES:
            self._change_copies(event, day, now)
        elif usable and event.kind in DELETIONS:
            self._remove(chosen(event, usable))
        elif usable and event.kind in EXPIRIES:
            change_expiry(event, usable, day, now)
        elif usable:
            change_status(event, usable, day)

    def _add(self, kind: str, day: int, now: datetime) -> None:
        name = f"{self.name}-{kind}-{day}"
        match kind:
            case "golden":
                if day < 8:
                    self.backups.append(self._backup(name, START - timedelta(days=100), None, automatic=False))
            case "manual" | "manual_dated" | "future" | "plain_name":
                created = now + timedelta(days=60) if kind == "future" else now - timedelta(hours=1)
                expires = created + timedelta(days=9) if kind == "manual_dated" else None
                backup = self._backup(name, created, expires, automatic=False)
                if kind == "plain_name":
                    backup.body["name"] = name
                    del backup.body["extend_info"]["auto_trigger"]
                self.backups.append(backup)
            case "manual_deleted":
                self._remove([backup for backup in self.backups if "-manual-" in backup.body["id"]])

    def _change_copies(self, event: Event, day: int, now: datetime) -> None:
        if not self.copies:
            return
        copy = self.copies[-1 - event.pick % min(3, len(self.copies))]
        match event.kind:
            case "copy_error":
                set_status(copy, {"status": "error"})
            case "copy_deleted":
                self._remove([copy])
            case "copy_soon":
                copy.expire(now + timedelta(hours=20))
            case "copy_incomplete" if copy.body["children"]:
                copy.body["children"][-1]["status"] = "error"
            case "copy_nearer" if copy.expires:
                copy.expire(copy.expires - timedelta(days=2))

    def _purge(self, day: int, now: datetime) -> None:
        lag = timedelta(hours=self.story.purge_hours)
        everything = [*self.backups, *self.copies]
        self._remove([backup for backup in everything if backup.expires and backup.expires + lag <= now])
        if self.keep_count and day % self.story.trim_every == 0:
            for kept in (self.backups, self.copies):
                good = [b for b in kept if b.body["extend_info"].get("auto_trigger") and b.expires is None]
                good = [backup for backup in good if backup.body["status"] not in ("error", "protecting")]
                self._remove(sorted(good, key=lambda backup: backup.created)[: -self.keep_count])


def set_status(backup: Backup, change: dict[str, Any]) -> None:
    backup.body["status"] = change["status"]
    for part in backup.body["children"]:
        part["status"] = change["status"]


def chosen(event: Event, usable: list[Backup]) -> list[Backup]:
    usable = sorted(usable, key=lambda backup: backup.created)
    match event.kind.removeprefix("delete_"):
        case "newest":
            return usable[-1:]
        case "oldest":
            return usable[:1]
        case "two_oldest":
            return usable[:2]
        case "middle":
            return usable[len(usable) // 2 :][:1]
        case "all":
            return usable
    return [usable[event.pick % len(usable)]]


def change_expiry(event: Event, usable: list[Backup], day: int, now: datetime) -> None:
    backup, soon = usable[event.pick % len(usable)], now + timedelta(hours=20)
    match event.kind:
        case "to_null":
            backup.expire(None)
        case "soon":
            backup.expire(soon)
        case "all_soon":
            for each in usable:
                each.expire(soon)
        case "to_dated" if backup.expires is None:
            backup.expire(now + timedelta(days=3))
        case kind if backup.expires is not None:
            move_expiry(kind, backup, backup.expires, day, now)


def move_expiry(kind: str, backup: Backup, expires: datetime, day: int, now: datetime) -> None:
    match kind:
        case "creep":
            backup.creep = True
        case "nearer":
            backup.expire(max(now + timedelta(hours=2), expires - timedelta(days=10)))
        case "nearer_a_little":
            backup.expire(expires - timedelta(minutes=30))
        case "nearer_for_a_day":
            backup.expire(expires - timedelta(hours=5))
            backup.later[day + 1] = {"expires": expires}
        case "farther" if not backup.creep:
            backup.expire(expires + timedelta(days=10))


def change_status(event: Event, usable: list[Backup], day: int) -> None:
    backup = usable[-1] if event.kind.startswith("newest") else usable[event.pick % len(usable)]
    parts = backup.body["children"]
    match event.kind:
        case "to_error" | "newest_to_error":
            set_status(backup, {"status": "error"})
        case "all_to_error" | "all_deleting":
            for each in usable:
                set_status(each, {"status": "error" if event.kind == "all_to_error" else "deleting"})
        case "deleting" | "deleting_gone":
            set_status(backup, {"status": "deleting"})
            backup.later[day + (2 if event.kind == "deleting_gone" else 100)] = None
        case "restoring" | "waiting_restore":
            set_status(backup, {"status": event.kind})
            backup.later[day + 1] = {"status": "available"}
        case "disk_to_error" if parts:
            parts[-1]["status"] = "error"
        case "disk_nearer" if parts and backup.expires:
            parts[-1]["expired_at"] = wire(backup.expires - timedelta(days=1))
        case kind:
            change_row(kind, backup, usable)


def change_row(kind: str, backup: Backup, usable: list[Backup]) -> None:
    match kind:
        case "list_only":
            backup.loaded = False
        case "all_list_only":
            for each in usable:
                each.loaded = False
        case "other_vault":
            backup.body["vault_id"] = "vault-2"


def readings(estate: Estate) -> Iterator[Reading]:
    """Let an estate live; yield what each reading of its scopes has."""
    resources = {f"r{n}": Resource(n, story, len(estate.stories)) for n, story in enumerate(estate.stories)}
    for day in range(1, estate.days + 1):
        for resource in resources.values():
            resource.live(day, resources)
        last = day == estate.days
        if day not in estate.unread or last:
            everything = [backup for resource in resources.values() for backup in resource.backups]
            partial = day in estate.partial and not last
            yield reading(
                SOURCE, day, everything[: len(everything) // 2] if partial else everything, complete=not partial
            )
        due = day % estate.destination_every == estate.days % estate.destination_every
        if estate.destination_is_read and due and day not in estate.destination_unread:
            yield reading(DESTINATION, day, [copy for resource in resources.values() for copy in resource.copies])


def reading(scope: str, day: int, backups: list[Backup], *, complete: bool = True) -> Reading:
    as_of = reading_time(day, scope)
    return Reading(
        scope=scope,
        as_of=as_of,
        ended_at=as_of + timedelta(seconds=5),
        project=f"project-{scope}",
        region=f"region-{scope}",
        complete=complete,
        shown=tuple(deepcopy(backup.body) for backup in backups if backup.loaded),
        listed=tuple(deepcopy(backup.body) | {"children": []} for backup in backups if not backup.loaded),
    )


ABSENT = Story(begins=1000)
PLAIN: tuple[dict[str, Any], ...] = (
    {"disks": 1},
    {"copy_every": None},
    {"purge_hours": 0},
    {"backlog": 0},
    {"trim_every": 1},
)


def simpler(estate: Estate) -> Iterator[Estate]:
    """Yield simpler estates: a resource, an event, or a day that is not read less. Resources keep their names."""
    if estate.destination_is_read:
        yield replace(estate, destination_is_read=False)
    present = [number for number, story in enumerate(estate.stories) if story != ABSENT]
    for number in present if len(present) > 1 else ():
        yield with_story(estate, number, ABSENT)
    for number in present:
        story = estate.stories[number]
        for event in story.events:
            yield with_story(estate, number, replace(story, events=tuple(e for e in story.events if e != event)))
        changed = [replace(story, **plain) for plain in PLAIN]
        yield from (with_story(estate, number, other) for other in changed if other != story)
    for day in estate.unread | estate.partial:
        yield replace(estate, unread=estate.unread - {day}, partial=estate.partial - {day})
    yield from (replace(estate, days=days) for days in (estate.days // 2, estate.days - 3) if days > 2)


def with_story(estate: Estate, number: int, story: Story) -> Estate:
    return replace(estate, stories=(*estate.stories[:number], story, *estate.stories[number + 1 :]))
