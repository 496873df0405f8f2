"""Which Parquet files may go: those that no manifest names any more, and the tables of superseded snapshots.

A run that was killed, or one that made a snapshot's tables again, leaves files that nothing names. Does not belong
here: which landed snapshots may go (extract/keep.py).
"""

import stat
from collections.abc import Iterator
from pathlib import Path

from pipelines.extract.landing import Snapshot
from pipelines.history.judged import read_judged
from pipelines.history.state import read_state
from pipelines.home import Home
from pipelines.load.tables import read_loaded

GRACE = 3600.0  # seconds that a file stays for those who read it
_KEPT = 2  # complete snapshots of a scope: where the newest turns out to be damaged, the history goes on from the other


def sweep(home: Home, landed: list[Snapshot], now: float) -> None:
    """Remove what may go, once nobody can be reading it. `now` is in seconds. Call it while the home is held.

    Raises Problem where it can't be known what the history is made of.
    """
    for scope in dict.fromkeys(snapshot.scope for snapshot in landed):
        for snapshot_id in _superseded(home, scope, landed):
            home.table_manifest(scope, snapshot_id).unlink()
    named = set(_named(home))
    for path in (*home.tables.glob("*/*/*/part-*.parquet"), *home.histories.glob("*/*/part-*.parquet")):
        if path not in named and now - path.lstat().st_mtime > GRACE and not stat.S_ISDIR(path.lstat().st_mode):
            path.unlink()


def _superseded(home: Home, scope: str, landed: list[Snapshot]) -> list[str]:
    """Return the snapshots of a scope whose tables nothing needs: the history has all of them, and of their results.

    Evidence of them is made from what is landed.
    """
    there = sorted(path.stem.removeprefix("snapshot_id=") for path in home.table_manifests(scope))
    incomplete = {one.snapshot_id for one in landed if one.scope == scope and not one.complete}
    kept = [snapshot_id for snapshot_id in there if snapshot_id not in incomplete][-_KEPT:]
    taken_in, judged = read_state(home, scope).last, read_judged(home, scope).last
    if taken_in is None or judged is None:
        return []
    until = min(taken_in.snapshot_id, judged.snapshot_id)
    return [snapshot_id for snapshot_id in there if snapshot_id not in kept and snapshot_id <= until]


def _named(home: Home) -> Iterator[Path]:
    """Yield every file that counts. A damaged manifest of tables names all that lies where its tables do."""
    for scope in home.scopes():
        state, judged = read_state(home, scope), read_judged(home, scope)
        before = state.before.files if state.before else {}
        for files in (state.files, before, judged.files, *(entry.files for entry in judged.entries)):
            yield from (home.path / name for names in files.values() for name in names)
        for manifest in home.table_manifests(scope):
            snapshot_id = manifest.stem.removeprefix("snapshot_id=")
            loaded = read_loaded(home, scope, snapshot_id, any_contract=True)
            if loaded is None:
                yield from home.tables.glob(f"*/{manifest.parent.name}/{manifest.stem}/part-*.parquet")
            else:
                yield from (path for table in loaded.files for path in loaded.paths(home, table))
