"""Where the reading of a scope starts: a new snapshot, or one that an earlier run left unfinished."""

import shutil
import time
from datetime import datetime, timedelta
from pathlib import Path

import msgspec

from pipelines import clock
from pipelines.errors import StorageError
from pipelines.landing.manifest import MANIFEST, read_snapshots
from pipelines.landing.writer import BEGUN, SnapshotWriter
from pipelines.storage.home import Home
from pipelines.storage.manifests import read_manifest, write_manifest


class Source(msgspec.Struct, frozen=True):
    """The service and project that are read, and how. An unfinished snapshot of another source is not continued."""

    url: str
    project_id: str
    region: str | None
    full: bool


class _Begun(msgspec.Struct, frozen=True):
    """When an unfinished snapshot began, and of what."""

    as_of: datetime
    source: Source


def open_snapshot(home: Home, scope: str, resume_minutes: float, source: Source) -> SnapshotWriter:
    """Return the writer of the unfinished snapshot of `scope` if it is recent and of `source`, else of a new one.

    The clock is read once, here. Unfinished snapshots that can't be continued are removed. Raise StorageError if the
    clock is behind the newest landed snapshot.
    """
    now = clock.utc_now()
    as_ofs = [snapshot.as_of for snapshot in read_snapshots(home, scope)]
    if as_ofs and max(as_ofs) > now:
        raise StorageError(
            f"the clock says {now:%Y-%m-%d %H:%M} UTC, "
            f"but a snapshot of {scope!r} began at {max(as_ofs):%Y-%m-%d %H:%M}",
            "Set the clock right; if it was wrong then, remove the folder of that snapshot from the landing.",
        )
    resumable: list[datetime] = []
    for path in home.landed_scope(scope).glob("snapshot_id=*"):
        if (path / MANIFEST).exists():
            continue
        begun = _begun_at(path / BEGUN, source)
        if begun and timedelta(0) <= now - begun <= timedelta(minutes=resume_minutes):
            resumable.append(begun)
        else:
            shutil.rmtree(path)
    if resumable:
        return SnapshotWriter(home, scope, max(resumable))
    while home.landed(scope, clock.snapshot_id(now)).exists():
        time.sleep(0.02)
        now = clock.utc_now()  # a snapshot's id is a second of its own
    write_manifest(home.landed(scope, clock.snapshot_id(now)) / BEGUN, _Begun(now, source))
    return SnapshotWriter(home, scope, now)


def _begun_at(path: Path, source: Source) -> datetime | None:
    """Return when a reading of `source` began, or None if the folder is of another source or damaged."""
    try:
        begun = read_manifest(path, _Begun, "")
    except StorageError:
        return None
    return begun.as_of if begun and begun.source == source else None
