"""Removing Parquet files of tables that are not needed any more.

A run that was killed, or one that wrote a snapshot's tables again, leaves files that no manifest names.
"""

import stat
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from pipelines.landing.manifest import Snapshot
from pipelines.storage.home import Home
from pipelines.tables.manifest import read_table_manifest

GRACE_SECONDS = 3600.0  # a file stays so long for those who may be reading it
# Complete snapshots of a scope: if the newest turns out to be damaged, the history goes on from the other.
_KEPT_SNAPSHOTS = 2


def remove_unused_tables(
    home: Home, snapshots: Iterable[Snapshot], settled_until: Mapping[str, str], now: float
) -> None:
    """Remove the tables of superseded snapshots, and files that no manifest names and that are old enough.

    `settled_until` is, by scope, the newest snapshot whose history and results are kept: until then nothing needs
    the tables. `now` is in seconds. Call it while the home is locked.
    """
    incomplete = {(snapshot.scope, snapshot.snapshot_id) for snapshot in snapshots if not snapshot.complete}
    for scope, until in settled_until.items():
        snapshot_ids = sorted(path.stem.removeprefix("snapshot_id=") for path in home.table_manifests(scope))
        kept = [snapshot_id for snapshot_id in snapshot_ids if (scope, snapshot_id) not in incomplete]
        for snapshot_id in snapshot_ids:
            if snapshot_id not in kept[-_KEPT_SNAPSHOTS:] and snapshot_id <= until:
                home.table_manifest(scope, snapshot_id).unlink()
    remove_unnamed(home.tables.glob("*/*/*/part-*.parquet"), set(_named_files(home)), now)


def remove_unnamed(paths: Iterable[Path], named: set[Path], now: float) -> None:
    """Remove the files of `paths` that are not in `named` and older than the grace period."""
    for path in paths:
        status = path.lstat()
        if path not in named and now - status.st_mtime > GRACE_SECONDS and not stat.S_ISDIR(status.st_mode):
            path.unlink()


def _named_files(home: Home) -> Iterator[Path]:
    """Yield every file that a manifest names. A damaged manifest names all files beside it."""
    for scope in home.scopes():
        for path in home.table_manifests(scope):
            manifest = read_table_manifest(home, scope, path.stem.removeprefix("snapshot_id="), any_contract=True)
            if manifest is None:
                yield from home.tables.glob(f"*/{path.parent.name}/{path.stem}/part-*.parquet")
            else:
                yield from (file for table in manifest.files for file in manifest.paths(home, table))
