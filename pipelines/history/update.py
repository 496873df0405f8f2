"""Which snapshots the history has yet to take in, and in which order.

Landed snapshots of one scope enter; its history on disk is brought up to the newest of them.
"""

from collections.abc import Callable, Iterable

from pipelines.errors import DamagedFileError
from pipelines.history.fold import fold
from pipelines.history.manifest import HistoryState, read_history, write_history
from pipelines.landing.manifest import Snapshot
from pipelines.storage.home import Home
from pipelines.tables.manifest import TableManifest, damaged_files, read_table_manifest

Normalize = Callable[[Snapshot], TableManifest]


def update_history(
    home: Home, scope: str, landed: Iterable[Snapshot], normalize: Normalize, *, anew: bool = False
) -> None:
    """Take in every complete snapshot of `landed` that is newer than what the history has, the oldest first.

    `normalize` gives the tables of a snapshot. `anew` begins from nothing, if all that the history has taken in is
    still landed; else it holds what nothing else does, and goes on from where it is. Raises WarehouseError if the
    tables that it goes on from are lost.
    """
    complete = {snapshot.snapshot_id: snapshot for snapshot in landed if snapshot.complete}
    state = read_history(home, scope)
    if _is_ahead(state, complete) and state.before:
        # The newest landed snapshot was removed since, as a damaged one: so was what it said.
        state = state.before
        write_history(home, state)
    from_nothing = anew and all(taken.snapshot_id in complete for taken in state.folded)
    if from_nothing:
        state = HistoryState(scope)
    for snapshot_id, snapshot in sorted(complete.items()):
        if state.last is None or snapshot_id > state.last.snapshot_id:
            before = _tables_of_last(home, state, complete, normalize)
            state = fold(home, state, before, snapshot, normalize(snapshot))
            if not from_nothing:
                write_history(home, state)
    if from_nothing and state.folded:
        # Not before it is whole: what stands there until now is never less than what replaces it.
        write_history(home, state)


def _is_ahead(state: HistoryState, complete: dict[str, Snapshot]) -> bool:
    return state.last is not None and bool(complete) and state.last.snapshot_id > max(complete)


def _tables_of_last(
    home: Home, state: HistoryState, landed: dict[str, Snapshot], normalize: Normalize
) -> TableManifest | None:
    if state.last is None:
        return None
    last = state.last.snapshot_id
    if last in landed:
        return normalize(landed[last])
    # What it was made of is pruned: its tables go on as they are, be it of an older contract.
    loaded = read_table_manifest(home, state.scope, last, any_contract=True)
    if loaded is None:
        raise DamagedFileError(
            f"the history of {state.scope} goes on from snapshot {last}, whose tables and landing are both gone",
            f"Restore either from a copy, or remove {home.history_manifest(state.scope)} to begin a new history.",
        )
    for path in damaged_files(home, loaded):
        raise DamagedFileError(
            f"{path} is damaged, which the history of {state.scope} goes on from: it is not what was written",
            f"Restore it from a copy, or remove {home.history_manifest(state.scope)} to begin a new history.",
        )
    return loaded
