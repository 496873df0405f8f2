"""A landing of any size: server backups in ShowBackup's shape with 1 to 4 disks each, one in a hundred odd.

The same number gives the same bytes. Ids are random, names and times vary, every third backup was replicated.
"""

import hashlib
import random
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import orjson
import pyarrow as pa

from pipelines.clock import snapshot_id
from pipelines.landing.manifest import LIST, SHOW, SUFFIX, Part, Snapshot, write_snapshot
from pipelines.sandbox.backups import Resource, healthy_backup
from pipelines.sandbox.quirks import QUIRKS
from pipelines.storage.files import make_private_folder
from pipelines.storage.home import Home

Body = dict[str, Any]
AS_OF = datetime(2026, 3, 1, 12)
SCOPE = "benchmark"
_ODD = list(QUIRKS.values())
TABLES = ("backups", "children", "extend_info", "replication_records")
DAYS = 35  # a server's daily backups: as many as their retention allows
PAGE, PART = 1_000, 10_000


class Bodies:
    """Backups by number: `DAYS` days of each server, the newest first; the first one is of the day that ends at `end`."""

    def __init__(self, seed: int = 7, end: datetime = AS_OF) -> None:
        self._random = random.Random(seed)
        self._vault = self._id()
        self._end = end

    def printable(self, count: int) -> Iterator[Body]:
        """Yield what ShowBackup answers."""
        for number in range(count):
            server, day = divmod(number, DAYS)
            body = self._fresh(healthy_backup(_resource(server), self._end, day))
            if number % 3 == 0:
                body["replication_records"] = [self._record(body)]
            yield _ODD[number // 100 % len(_ODD)](body) if number % 100 == 50 else body

    def _fresh(self, body: Body) -> Body:
        """Give the backup and its disks ids of their own; a server's resources keep theirs."""
        own, checkpoint = self._id(), self._id()
        children = [
            child
            | {"id": self._id(), "parent_id": own, "checkpoint_id": checkpoint}
            | {"extend_info": child["extend_info"] | {"snapshot_id": self._id()}}
            for child in body["children"]
        ]
        return body | {"id": own, "checkpoint_id": checkpoint, "children": children}

    def _record(self, body: Body) -> Body:
        return {
            "id": self._id(),
            "status": "success",
            "created_at": body["updated_at"],
            "vault_id": body["vault_id"],
            "source_backup_id": body["id"],
            "source_checkpoint_id": body["checkpoint_id"],
            "source_project_id": body["project_id"],
            "source_region": "sandbox-1",
            "destination_backup_id": self._id(),
            "destination_checkpoint_id": self._id(),
            "destination_project_id": self._vault,
            "destination_region": "sandbox-2",
            "destination_vault_id": self._vault,
            "extra_info": {"progress": 100, "fail_code": "", "fail_reason": "", "auto_trigger": True}
            | {"destination_vault_id": self._vault},
        }

    def _id(self) -> str:
        bits = f"{self._random.getrandbits(128):032x}"
        return f"{bits[:8]}-{bits[8:12]}-{bits[12:16]}-{bits[16:20]}-{bits[20:]}"


def _resource(server: int) -> Resource:
    disks = (40, 100, 200, 500)[: 1 + server % 4]
    return Resource(
        f"app-{server:05}", "OS::Nova::Server", f"vault-{server % 9}", "finance", disks, 1 + server % 20, DAYS
    )


def land(home: Home, count: int, *, day: int = 0, listed: bool = False, new_key: bool = False) -> Snapshot:
    """Land a complete snapshot of `count` backups, with the list pages where it is `listed`.

    With a `new_key`, every body has one that the contract does not know, with a value of its own.
    A later `day` has lost one backup in `DAYS`, as often as days have passed, and has new ones in their place.
    """
    as_of = AS_OF + timedelta(days=day)
    folder = home.landed(SCOPE, snapshot_id(as_of))
    make_private_folder(folder)
    parts: dict[str, Part] = {}
    page: list[Body] = []
    shows, pages = _Parts(folder, SHOW, PART, parts), _Parts(folder, LIST, PART // PAGE, parts)
    for body in _of_day(count, day):
        if new_key:
            body["immutable_until"] = body["created_at"] + body["id"][:8]
        shows.add({"backup": body})
        if listed:
            page.append(body | {"children": []})
            if len(page) == PAGE:
                pages.add({"backups": page, "count": count, "offset": 0, "limit": PAGE})
                page = []
    if page:
        pages.add({"backups": page, "count": count, "offset": 0, "limit": PAGE})
    shows.end()
    pages.end()
    snapshot = Snapshot(
        SCOPE, snapshot_id(as_of), as_of, as_of + timedelta(minutes=5), True, None, True, "sandbox-1", "project",
        pages=-(-count // PAGE), looks=1, listed=count, shown=count, reused=0, unread=0, vanished=(), requests=count,
        retries=0, parts=parts,
    )  # fmt: skip
    write_snapshot(home, snapshot)
    return snapshot


def _of_day(count: int, day: int) -> Iterator[Body]:
    """Yield the backups of a day: a server's oldest ones have expired, and new ones stand in their place."""
    fresh = Bodies(seed=1_000, end=AS_OF + timedelta(days=DAYS)).printable(count)
    for number, (old, new) in enumerate(zip(Bodies().printable(count), fresh, strict=True)):
        yield new if number % DAYS >= DAYS - day else old


class _Parts:
    """Writes lines to parts of a landed snapshot."""

    def __init__(self, folder: Path, kind: str, lines: int, parts: dict[str, Part]) -> None:
        self._folder, self._kind, self._most, self._parts = folder, kind, lines, parts
        self._lines: list[bytes] = []
        self._number = 0

    def add(self, value: object) -> None:
        self._lines.append(orjson.dumps(value) + b"\n")
        if len(self._lines) == self._most:
            self.end()

    def end(self) -> None:
        if self._lines:
            self._number += 1
            name = f"{self._kind}-{self._number:05}{SUFFIX}"
            data = pa.compress(b"".join(self._lines), codec="zstd", asbytes=True)
            (self._folder / name).write_bytes(data)
            self._parts[name] = Part(hashlib.sha256(data).hexdigest(), len(self._lines))
            self._lines = []
