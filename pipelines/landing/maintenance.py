"""Checking landed snapshots against their manifests, and removing old ones: the commands verify and prune."""

import shutil
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from pathlib import Path

from pipelines.landing.manifest import MANIFEST, Snapshot, newest_complete, read_snapshots
from pipelines.storage.files import sha256_of
from pipelines.storage.home import Home


def find_damage(home: Home, snapshot: Snapshot) -> Iterator[str]:
    """Yield one line per part that is missing or differs from the manifest."""
    folder = home.landed(snapshot.scope, snapshot.snapshot_id)
    for name, part in sorted(snapshot.parts.items()):
        digest = sha256_of(folder / name)
        if not digest:
            yield f"{folder / name} is missing"
        elif digest != part.sha256:
            yield f"{folder / name} is not what the manifest says"


def prunable_snapshots(home: Home, keep_days: float, now: datetime, settled: Mapping[str, str]) -> list[Path]:
    """Return the folders of snapshots that began more than `keep_days` before `now`, oldest first by scope.

    The newest complete snapshot of a scope always stays: it is current, and the next reading builds on it. So do
    complete ones newer than the one in `settled`, by scope the newest whose history and results are kept.
    """
    snapshots = read_snapshots(home)
    kept = {(snapshot.scope, snapshot.snapshot_id) for snapshot in newest_complete(snapshots)}
    return [
        home.landed(snapshot.scope, snapshot.snapshot_id)
        for snapshot in snapshots
        if now - snapshot.as_of > timedelta(days=keep_days)
        and (snapshot.scope, snapshot.snapshot_id) not in kept
        and not (snapshot.complete and snapshot.snapshot_id > settled.get(snapshot.scope, ""))
    ]


def remove_snapshot(folder: Path) -> None:
    """Remove the folder of a snapshot. The manifest goes first, so that a kill leaves no half snapshot."""
    (folder / MANIFEST).unlink()
    shutil.rmtree(folder)


def folder_size(folder: Path) -> int:
    """Return the size of the files in a folder, in bytes."""
    return sum(path.stat().st_size for path in folder.iterdir())
