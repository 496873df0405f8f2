"""The details of backups: which are read again, and reading them side by side.

Every backup is read at least once: the list leaves out children, and of a lone disk too the enterprise project. A quiet
day should cost the list and what changed. A body of the last complete snapshot stands for today's when the list says
of the backup, word for word, what it said then; when the backup is in no passing state; and when it is not its turn:
each backup is read again once in SEVENTH days, in case the list does not tell all.
"""

import queue
import zlib
from collections.abc import Callable, Iterator, Sequence
from datetime import date, timedelta
from typing import Any

from pipelines.extract.answers import Vanished
from pipelines.extract.client import Client
from pipelines.extract.listing import Item, digest_of
from pipelines.extract.watch import Watch, in_background
from pipelines.landing.blocks import reading_of
from pipelines.landing.manifest import LIST, SHOW, Snapshot
from pipelines.landing.reader import read_lines
from pipelines.landing.wire import id_of, parse
from pipelines.landing.writer import SnapshotWriter
from pipelines.storage.home import Home

SETTLED = {"available", "error"}
SEVENTH = 7


def wanted(items: dict[str, Item]) -> list[str]:
    """Return the ids of the backups that can be asked for."""
    # An id of dots alone is a step in a path, and would ask for something else.
    return [backup_id for backup_id in items if backup_id.strip(".")]


def unchanged(home: Home, before: Snapshot, items: dict[str, Item], today: date) -> set[str]:
    """Return the ids whose details of the snapshot `before` still stand."""
    turns = turns_since(before.as_of.date(), today)
    same = set()
    for identity, listed in _listed(home, before):
        item = items.get(identity)
        if item and item.digest == digest_of(listed) and item.status in SETTLED and turn(identity) not in turns:
            same.add(identity)
    return same


def still_listed(home: Home, before: Snapshot, items: dict[str, Item]) -> int:
    """Return how many backups of the list of `before` are among `items`."""
    return len(items.keys() & {identity for identity, _ in _listed(home, before)})


def _listed(home: Home, snapshot: Snapshot) -> Iterator[tuple[str, dict[str, Any]]]:
    for _, line in read_lines(home, snapshot, LIST):
        for item in parse(line)["backups"]:
            if identity := id_of(item):
                yield identity, item


def turn(backup_id: str) -> int:
    """Return the day of the rotation on which a backup is read again."""
    return zlib.crc32(backup_id.encode("utf-8", "replace")) % SEVENTH


def turns_since(before: date, today: date) -> set[int]:
    """Return the days of the rotation that came up after `before`, until `today`."""
    days = min((today - before).days, SEVENTH)
    return {(today - timedelta(days=back)).toordinal() % SEVENTH for back in range(days)}


def reuse(home: Home, before: Snapshot, ids: set[str], draft: SnapshotWriter, watch: Watch) -> set[str]:
    """Land the bodies of `ids` again, as they stand in `before`; return the ids that it had.

    A million take minutes: `watch` hears of each.
    """
    had = set()
    for source, line in read_lines(home, before, SHOW):
        watch.alive()
        backup_id = shown_id(line)
        if backup_id in ids and backup_id not in had:
            draft.write(f"{SHOW}-{reading_of(source, before.snapshot_id)}", line)
            had.add(backup_id)
    return had


def shown_id(body: bytes) -> str:
    """Return the id of the backup in a ShowBackup body."""
    return id_of(parse(body)["backup"]) or ""


def read_details(
    client: Client, ids: Sequence[str], draft: SnapshotWriter, concurrency: int, told: Callable[[int], None]
) -> tuple[int, list[str]]:
    """Read and land the details of `ids`; return how many, and the ids that vanished.

    Raises the first WarehouseError that a thread meets; what was read until then is landed.
    """
    waiting: queue.SimpleQueue[str] = queue.SimpleQueue()
    ended: queue.SimpleQueue[str | BaseException | None] = queue.SimpleQueue()  # an id: it vanished
    for backup_id in ids:
        waiting.put(backup_id)

    def read_until_empty() -> None:
        try:
            while True:
                ended.put(_read(client, waiting.get_nowait(), draft))
        except queue.Empty:
            return
        except BaseException as error:
            ended.put(error)

    for _ in range(min(concurrency, len(ids))):
        in_background(f"details of {client.scope.name}", read_until_empty)
    vanished = []
    for done in range(1, len(ids) + 1):
        result = ended.get()
        if isinstance(result, BaseException):
            # Nobody should wait for what is tried again and again after a problem.
            client.watch.stop()
            raise result
        if result is not None:
            vanished.append(result)
        told(done)
    return len(ids) - len(vanished), sorted(vanished)


def _read(client: Client, backup_id: str, draft: SnapshotWriter) -> str | None:
    """Land the details of one backup; return its id where it vanished."""
    try:
        body, _ = client.show(backup_id)
    except Vanished:
        return backup_id
    draft.write(SHOW, body)
    return None
