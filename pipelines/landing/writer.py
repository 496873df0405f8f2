"""A snapshot while it is being read: what is landed already, kept so that a killed run can go on.

A part grows as a `.partial` file, a compressed frame at a time; the lines of whole frames survive a kill.
When it is full or done it is forced to the disk and gets its name; the manifest comes last. Enters: bodies.
Leaves: what an earlier run read, and in the end the parts.
"""

import json
import os
import shutil
import threading
import time
from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, BinaryIO

import pyarrow as pa

from pipelines import clock
from pipelines.errors import ServiceError, StorageError
from pipelines.landing.manifest import LIST, MANIFEST, SHOW, SUFFIX, Part, Snapshot, read_snapshots, write_snapshot
from pipelines.landing.reader import part_lines
from pipelines.storage.files import create_private, make_private_folder, sha256_of
from pipelines.storage.home import Home
from pipelines.storage.manifests import write_manifest

BEGUN, LISTED = "begun.json", "listed.json"  # gone when the manifest is there
PARTIAL = ".partial"
LINES_A_FRAME = 32
LINES_A_PART = 10_000
_NUMBER = "[0-9]" * 5  # of a part

_CODEC = pa.Codec("zstd")


class SnapshotWriter:
    """The folder of one snapshot that has no manifest yet. Safe for many threads."""

    def __init__(self, home: Home, scope: str, as_of: datetime) -> None:
        """Take over what is in the folder: the lines of a part that was cut off are written anew."""
        self.scope, self.as_of = scope, as_of
        self.snapshot_id = clock.snapshot_id(as_of)
        self._home = home
        self._folder = home.landed(scope, self.snapshot_id)
        make_private_folder(self._folder)
        self._lock = threading.RLock()
        self._closed = False
        self._waiting: dict[str, list[bytes]] = {LIST: [], SHOW: []}  # kind of part -> lines
        self._written: Counter[str] = Counter()  # lines of the open part
        self._files: dict[str, BinaryIO] = {}  # the open parts
        for path in sorted(self._folder.glob(f"*{PARTIAL}")):
            self._salvage(path)

    def write(self, kind: str, body: bytes) -> None:
        """Land one body. A list page is safe at once, details a few at a time.

        A thread that outlives the reading lands nothing: the folder may belong to another run by then.
        """
        with self._lock:
            if self._closed:
                return
            self._waiting.setdefault(kind, []).append(body.replace(b"\r", b" ").replace(b"\n", b" "))
            if kind == LIST or len(self._waiting[kind]) >= LINES_A_FRAME:
                self._flush(kind)
            if self._written[kind] >= LINES_A_PART:
                self._finish(kind)

    def lines(self, kind: str) -> Iterator[bytes]:
        """Yield what is landed of `kind`, finished parts and the open one."""
        with self._lock:
            for waiting in self._waiting:
                self._flush(waiting)
        for path in sorted(self._folder.glob(f"{kind}-*")):
            yield from part_lines(path)

    def forget_list(self) -> None:
        """Drop the list pages: they moved while they were read."""
        with self._lock:
            self._need_open()
            self._waiting[LIST].clear()
            self._close(LIST)
            for path in self._folder.glob(f"{LIST}-*"):
                path.unlink()

    def finish(self, kind: str) -> None:
        """End the part of `kind` that is open: nothing more will come."""
        with self._lock:
            self._need_open()
            self._flush(kind)
            self._finish(kind)

    def finish_list(self, about: dict[str, Any]) -> None:
        """End the list, and remember `about` it what its pages do not tell."""
        with self._lock:
            self._need_open()
            write_manifest(self._folder / LISTED, about)
            self.finish(LIST)

    def listed(self) -> dict[str, Any] | None:
        """Return what `finish_list` was told, where an earlier run read the list to its end."""
        if not any(self._folder.glob(f"{LIST}-*{SUFFIX}")):
            return None
        try:
            about = json.loads((self._folder / LISTED).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            about = None
        if not isinstance(about, dict):
            self.forget_list()  # what the pages alone tell is not enough
            return None
        return about

    def commit(self, **about: Any) -> Snapshot:
        """Write the manifest: from now on the snapshot exists. `about` are the fields of Snapshot not known here.

        Raises WarehouseError if the draft was closed: a reading that was given up makes no snapshot.
        """
        with self._lock:
            for kind in list(self._waiting):
                self.finish(kind)
            parts = {path.name: _part(path) for path in sorted(self._folder.glob(f"*{SUFFIX}"))}
            about |= {"scope": self.scope, "snapshot_id": self.snapshot_id, "as_of": self.as_of}
            snapshot = Snapshot(**about, finished_at=clock.utc_now(), parts=parts)
            write_snapshot(self._home, snapshot)
            for name in (BEGUN, LISTED):
                (self._folder / name).unlink(missing_ok=True)
        return snapshot

    def close(self) -> None:
        """Write what waits and let go of the files: a later run may go on from here."""
        with self._lock:
            self._closed = True
            for kind in self._waiting:
                self._flush(kind)
                self._close(kind)

    def _need_open(self) -> None:
        if self._closed:
            raise ServiceError(
                f"reading cloud {self.scope!r} was stopped", "Run again: it goes on from there.", transient=True
            )

    def _flush(self, kind: str) -> None:
        """Append the waiting lines as one frame."""
        waiting = self._waiting[kind]
        if not waiting:
            return
        if kind not in self._files:
            number = 1 + len(list(self._folder.glob(f"{kind}-{_NUMBER}{SUFFIX}")))
            self._files[kind] = os.fdopen(create_private(self._folder / f"{kind}-{number:05}{SUFFIX}{PARTIAL}"), "wb")
        self._files[kind].write(_frame(waiting))
        self._files[kind].flush()
        self._written[kind] += len(waiting)
        waiting.clear()

    def _finish(self, kind: str) -> None:
        if kind in self._files:
            os.fsync(self._files[kind].fileno())
        self._close(kind)
        for path in self._folder.glob(f"{kind}-{_NUMBER}{SUFFIX}{PARTIAL}"):
            path.rename(path.with_name(path.name.removesuffix(PARTIAL)))

    def _close(self, kind: str) -> None:
        if kind in self._files:
            self._files.pop(kind).close()
        self._written[kind] = 0

    def _salvage(self, path: Path) -> None:
        """Go on with a part that was cut off: keep its whole frames, drop what follows them."""
        kind = path.name.rpartition("-")[0]
        kept = _whole_frames(path)
        sound = path.with_name(f".sound-{path.name}")
        sound.unlink(missing_ok=True)
        with os.fdopen(create_private(sound), "wb") as file:
            file.write(_frame(kept) if kept else b"")
        sound.replace(path)
        self._waiting.setdefault(kind, [])
        self._files[kind] = path.open("ab")
        self._written[kind] = len(kept)


def open_snapshot(home: Home, scope: str, resume_minutes: float, place: dict[str, Any]) -> SnapshotWriter:
    """Return the snapshot to read: the unfinished one of `scope` if it is young and of this place, else a new one.

    `place` says which service and project are read, and how. The clock is read once, here. Unfinished snapshots
    that can't be continued are removed. Raises WarehouseError if the clock is behind what is landed.
    """
    now = clock.utc_now()
    landed = [snapshot.as_of for snapshot in read_snapshots(home, scope)]
    if landed and max(landed) > now:
        raise StorageError(
            f"the clock says {now:%Y-%m-%d %H:%M} UTC, "
            f"but a snapshot of {scope!r} began at {max(landed):%Y-%m-%d %H:%M}",
            "Set the clock right; if it was wrong then, remove the folder of that snapshot from the landing.",
        )
    young: list[datetime] = []
    for path in home.landed_scope(scope).glob("snapshot_id=*"):
        if (path / MANIFEST).exists():
            continue
        begun = _begun(path / BEGUN, place)
        if begun and timedelta(0) <= now - begun <= timedelta(minutes=resume_minutes):
            young.append(begun)
        else:
            shutil.rmtree(path)
    if young:
        return SnapshotWriter(home, scope, max(young))
    while home.landed(scope, clock.snapshot_id(now)).exists():
        time.sleep(0.02)
        now = clock.utc_now()  # a snapshot's name is a second of its own
    write_manifest(home.landed(scope, clock.snapshot_id(now)) / BEGUN, {"as_of": now, **place})
    return SnapshotWriter(home, scope, now)


def _frame(lines: list[bytes]) -> bytes:
    return bytes(_CODEC.compress(b"\n".join(lines) + b"\n", asbytes=True))


def _whole_frames(path: Path) -> list[bytes]:
    """Return the lines of the frames of a part that can be read whole; a kill may have cut the last one."""
    text, step = b"", 1 << 20
    while True:
        with pa.OSFile(str(path), "rb") as file, pa.CompressedInputStream(file, "zstd") as stream:
            stream.read(len(text))
            try:
                while chunk := stream.read(step):
                    text += chunk
                break
            except OSError:
                # What was decoded before the cut is lost with the failed read: go up to it in smaller steps.
                if step == 1:
                    break
                step = max(1, step >> 10)
    return text.split(b"\n")[:-1]


def _begun(path: Path, place: dict[str, Any]) -> datetime | None:
    """Return when a reading of `place` began; None where the folder is of another, or does not say."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        begun = datetime.fromisoformat(content.pop("as_of"))
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None
    return begun if content == place else None


def _part(path: Path) -> Part:
    return Part(sha256_of(path), sum(1 for _ in part_lines(path)))
