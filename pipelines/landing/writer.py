"""Writing a snapshot while it is read, so that a killed run can be continued.

A part grows as a `.partial` file, one compressed frame at a time. When it is full or done it is synced to disk and
renamed. The manifest comes last.
"""

import os
import threading
from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO

import msgspec

from pipelines import clock
from pipelines.errors import ServiceError, StorageError
from pipelines.landing.frames import encode_frame, read_whole_frames
from pipelines.landing.manifest import LIST, SHOW, SUFFIX, Part, Snapshot, write_snapshot
from pipelines.landing.reader import part_lines
from pipelines.storage.files import create_private, make_private_folder, sha256_of
from pipelines.storage.home import Home
from pipelines.storage.manifests import read_manifest, write_manifest

BEGUN, LISTED = "begun.json", "listed.json"  # gone when the manifest is there
PARTIAL = ".partial"
LINES_A_FRAME = 32
LINES_A_PART = 10_000
_NUMBER = "[0-9]" * 5  # of a part


class ListFacts(msgspec.Struct, frozen=True):
    """What a list that was read to its end does not say in its pages."""

    looks: int  # how often it was read
    conflict: str | None  # how it changed while it was read
    is_sandbox: bool


class SnapshotWriter:
    """Writes the folder of one snapshot that has no manifest yet. Thread-safe."""

    def __init__(self, home: Home, scope: str, as_of: datetime) -> None:
        """Continue what an earlier run left in the folder."""
        self.scope, self.as_of = scope, as_of
        self.snapshot_id = clock.snapshot_id(as_of)
        self._home = home
        self._folder = home.landed(scope, self.snapshot_id)
        make_private_folder(self._folder)
        self._lock = threading.RLock()
        self._closed = False
        self._pending: dict[str, list[bytes]] = {LIST: [], SHOW: []}  # kind of part -> lines
        self._written: Counter[str] = Counter()  # lines of the open part
        self._files: dict[str, BinaryIO] = {}  # the open parts
        for path in sorted(self._folder.glob(f"*{PARTIAL}")):
            self._recover(path)

    def write(self, kind: str, body: bytes) -> None:
        """Land one body. A list page is written at once, details a few at a time.

        A thread that outlives the reading writes nothing: the folder may belong to another run by then.
        """
        with self._lock:
            if self._closed:
                return
            self._pending.setdefault(kind, []).append(body.replace(b"\r", b" ").replace(b"\n", b" "))
            if kind == LIST or len(self._pending[kind]) >= LINES_A_FRAME:
                self._flush(kind)
            if self._written[kind] >= LINES_A_PART:
                self._finish(kind)

    def lines(self, kind: str) -> Iterator[bytes]:
        """Yield the landed bodies of `kind`, from finished parts and the open one."""
        with self._lock:
            for pending in self._pending:
                self._flush(pending)
        for path in sorted(self._folder.glob(f"{kind}-*")):
            yield from part_lines(path)

    def discard(self, kind: str) -> None:
        """Remove the bodies of `kind`, because what they list changed while it was read."""
        with self._lock:
            self._check_open()
            self._pending.setdefault(kind, []).clear()
            self._close(kind)
            for path in self._folder.glob(f"{kind}-*"):
                path.unlink()

    def finish(self, kind: str) -> None:
        """Finish the open part of `kind`."""
        with self._lock:
            self._check_open()
            self._flush(kind)
            self._finish(kind)

    def finish_list(self, facts: ListFacts) -> None:
        """Finish the list, and record the `facts` that its pages do not contain."""
        with self._lock:
            self._check_open()
            write_manifest(self._folder / LISTED, facts)
            self.finish(LIST)

    def listed(self) -> ListFacts | None:
        """Return the facts of `finish_list` if an earlier run read the whole list, else None."""
        if not any(self._folder.glob(f"{LIST}-*{SUFFIX}")):
            return None
        try:
            facts = read_manifest(self._folder / LISTED, ListFacts, "")
        except StorageError:
            facts = None
        if facts is None:
            self.discard(LIST)  # the pages alone are not enough
            return None
        return facts

    def commit(self, **fields: Any) -> Snapshot:
        """Write the manifest with `fields` of Snapshot and return it: from now on the snapshot exists.

        Raise ServiceError if the writer was closed: an abandoned reading makes no snapshot.
        """
        with self._lock:
            for kind in list(self._pending):
                self.finish(kind)
            parts = {path.name: _part(path) for path in sorted(self._folder.glob(f"*{SUFFIX}"))}
            fields |= {"scope": self.scope, "snapshot_id": self.snapshot_id, "as_of": self.as_of}
            snapshot = Snapshot(**fields, finished_at=clock.utc_now(), parts=parts)
            write_snapshot(self._home, snapshot)
            for name in (BEGUN, LISTED):
                (self._folder / name).unlink(missing_ok=True)
        return snapshot

    def close(self) -> None:
        """Write what is pending and close the files, so that a later run can continue."""
        with self._lock:
            self._closed = True
            for kind in self._pending:
                self._flush(kind)
                self._close(kind)

    def _check_open(self) -> None:
        if self._closed:
            raise ServiceError(
                f"reading cloud {self.scope!r} was stopped", "Run again: it goes on from there.", transient=True
            )

    def _flush(self, kind: str) -> None:
        """Append the pending lines as one frame."""
        pending = self._pending[kind]
        if not pending:
            return
        if kind not in self._files:
            number = 1 + len(list(self._folder.glob(f"{kind}-{_NUMBER}{SUFFIX}")))
            self._files[kind] = os.fdopen(create_private(self._folder / f"{kind}-{number:05}{SUFFIX}{PARTIAL}"), "wb")
        self._files[kind].write(encode_frame(pending))
        self._files[kind].flush()
        self._written[kind] += len(pending)
        pending.clear()

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

    def _recover(self, path: Path) -> None:
        """Continue a part that was cut off: keep its complete frames, drop the rest."""
        kind = path.name.rpartition("-")[0]
        kept = read_whole_frames(path)
        repaired = path.with_name(f".repaired-{path.name}")
        repaired.unlink(missing_ok=True)
        with os.fdopen(create_private(repaired), "wb") as file:
            file.write(encode_frame(kept) if kept else b"")
        repaired.replace(path)
        self._pending.setdefault(kind, [])
        self._files[kind] = path.open("ab")
        self._written[kind] = len(kept)


def _part(path: Path) -> Part:
    return Part(sha256_of(path), sum(1 for _ in part_lines(path)))
