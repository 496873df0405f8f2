"""Looking after what is landed: is it what it was, and what may go.

Belongs here: `verify` and `prune`. Does not belong here: reading services. Landed snapshots enter; lines that a
person reads leave.
"""

import shutil
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from pathlib import Path

from pipelines.landing.manifest import MANIFEST, Snapshot, newest_complete, read_snapshots
from pipelines.storage.files import sha256_of
from pipelines.storage.home import Home


def find_damage(home: Home, snapshot: Snapshot) -> Iterator[str]:
    """Yield what is wrong with the parts of a snapshot; nothing where each is what the manifest says."""
    folder = home.landed(snapshot.scope, snapshot.snapshot_id)
    for name, part in sorted(snapshot.parts.items()):
        found = sha256_of(folder / name)
        if not found:
            yield f"{folder / name} is missing"
        elif found != part.sha256:
            yield f"{folder / name} is not what the manifest says"


def prunable_snapshots(home: Home, keep_days: float, now: datetime, taken_in: Mapping[str, str]) -> list[Path]:
    """Return the folders of snapshots that began more than `keep_days` before `now`, oldest first by scope.

    The newest complete snapshot of a scope is never among them: it stands for the scope, and the next reading
    builds on it. Nor are complete ones newer than the one in `taken_in` of their scope, the newest that its history
    has: nothing else has what they say.
    """
    landed = read_snapshots(home)
    kept = {(snapshot.scope, snapshot.snapshot_id) for snapshot in newest_complete(landed)}
    return [
        home.landed(snapshot.scope, snapshot.snapshot_id)
        for snapshot in landed
        if now - snapshot.as_of > timedelta(days=keep_days)
        and (snapshot.scope, snapshot.snapshot_id) not in kept
        and not (snapshot.complete and snapshot.snapshot_id > taken_in.get(snapshot.scope, ""))
    ]


def remove_snapshot(folder: Path) -> None:
    """Remove the folder of a snapshot, its manifest first: half a snapshot is none."""
    (folder / MANIFEST).unlink()
    shutil.rmtree(folder)


def folder_size(folder: Path) -> int:
    """Return the bytes of the files in a folder."""
    return sum(path.stat().st_size for path in folder.iterdir())
