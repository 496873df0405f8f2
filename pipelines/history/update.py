"""Bringing the history of a scope up to its newest complete snapshot, one fold per snapshot, oldest first."""

from collections.abc import Callable, Iterable

from pipelines.errors import DamagedFileError
from pipelines.history.fold import fold
from pipelines.history.manifest import HistoryState, read_history, write_history
from pipelines.landing.manifest import Snapshot
from pipelines.storage.home import Home
from pipelines.tables.manifest import TableManifest, damaged_files, read_table_manifest

Normalize = Callable[[Snapshot], TableManifest]


def update_history(
    home: Home, scope: str, snapshots: Iterable[Snapshot], normalize: Normalize, *, rebuild: bool = False
) -> None:
    """Fold every complete snapshot that is newer than the history, oldest first.

    `normalize` returns the tables of a snapshot. `rebuild` starts from an empty history if every folded snapshot is
    still landed; otherwise the history holds what nothing else does, and is continued. Raise DamagedFileError if the
    tables that it continues from are lost.
    """
    complete = {snapshot.snapshot_id: snapshot for snapshot in snapshots if snapshot.complete}
    state = read_history(home, scope)
    if _is_ahead(state, complete) and state.before:
        # The newest folded snapshot was removed as damaged: undo its fold.
        state = state.before
        write_history(home, state)
    from_scratch = rebuild and all(folded.snapshot_id in complete for folded in state.folded)
    if from_scratch:
        state = HistoryState(scope)
    for snapshot_id, snapshot in sorted(complete.items()):
        if state.last is None or snapshot_id > state.last.snapshot_id:
            before = _last_tables(home, state, complete, normalize)
            state = fold(home, state, before, snapshot, normalize(snapshot))
            if not from_scratch:
                write_history(home, state)
    if from_scratch and state.folded:
        # Only once it is complete, so that a killed run keeps the old history.
        write_history(home, state)


def _is_ahead(state: HistoryState, complete: dict[str, Snapshot]) -> bool:
    return state.last is not None and bool(complete) and state.last.snapshot_id > max(complete)


def _last_tables(
    home: Home, state: HistoryState, complete: dict[str, Snapshot], normalize: Normalize
) -> TableManifest | None:
    if state.last is None:
        return None
    last = state.last.snapshot_id
    if last in complete:
        return normalize(complete[last])
    # Its landing is pruned, so its tables are used as they are, even of an older contract.
    manifest = read_table_manifest(home, state.scope, last, any_contract=True)
    if manifest is None:
        raise DamagedFileError(
            f"the history of {state.scope} goes on from snapshot {last}, whose tables and landing are both gone",
            f"Restore either from a copy, or remove {home.history_manifest(state.scope)} to begin a new history.",
        )
    for path in damaged_files(home, manifest):
        raise DamagedFileError(
            f"{path} is damaged, which the history of {state.scope} goes on from: it is not what was written",
            f"Restore it from a copy, or remove {home.history_manifest(state.scope)} to begin a new history.",
        )
    return manifest
