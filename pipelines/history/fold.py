"""state(n) = fold(state(n - 1), snapshot(n)).

Belongs here: what of a state is written anew by a fold, and what grows. A state, the tables before and the new
ones enter; the new state leaves, its files written and not yet made to count.
"""

from pipelines.contract.columns import Table
from pipelines.contract.history import (
    APPENDED_BY_FOLD,
    CLOSED_VERSIONS,
    DEPTHS,
    DISAPPEARANCES,
    DRIFT_SEEN,
    EXPIRY_CHANGES,
    OPEN_VERSIONS,
    UNREAD,
)
from pipelines.contract.tables import NORMALIZED
from pipelines.history import versions
from pipelines.history.database import two_snapshots, write
from pipelines.history.manifest import FoldedSnapshot, HistoryState
from pipelines.landing.manifest import Snapshot
from pipelines.models.model import sql_folder
from pipelines.storage.home import Home
from pipelines.storage.parquet import select_rows
from pipelines.tables.manifest import TableManifest

_MAX_FILES = 32  # files of a table that grows: more are made one, so that no run opens very many
_STEPS = ("places", "points", "depths", "disappearances", "expiry_changes")  # of sql/fold, each reading those before


def fold(
    home: Home, state: HistoryState, before: TableManifest | None, snapshot: Snapshot, loaded: TableManifest
) -> HistoryState:
    """Take `snapshot`, whose tables are `loaded`, into the history; `before` are those of the newest one in it."""
    files = {name: list(held) for name, held in state.files.items()}
    with two_snapshots(home, state, before, snapshot, loaded) as connection:

        def written(table: Table, select: str) -> list[str]:
            return write(home, state.scope, table, connection, select)

        for step in _STEPS:
            sql = (sql_folder() / "fold" / f"{step}.sql").read_text(encoding="utf-8")
            connection.execute(f"CREATE TABLE fold.{step} AS {sql}")
        for table in NORMALIZED:
            opened, closed = OPEN_VERSIONS[table.name], CLOSED_VERSIONS[table.name]
            if before is None:
                files[opened.name] = written(opened, versions.beginning(table))
                continue
            connection.execute(f"CREATE TABLE compared AS {versions.compared(table)}")
            files.setdefault(closed.name, []).extend(written(closed, versions.closing(table)))
            files[opened.name] = written(opened, versions.lasting(table))
            connection.execute("DROP TABLE compared")
        files[DEPTHS.name] = written(DEPTHS, "SELECT * FROM fold.depths")
        for name, table in UNREAD.items():
            files[table.name] = written(table, f"SELECT * FROM fold.{name}_unread")
        files.setdefault(EXPIRY_CHANGES.name, []).extend(written(EXPIRY_CHANGES, "SELECT * FROM fold.expiry_changes"))
        files[DRIFT_SEEN.name] = written(DRIFT_SEEN, versions.drift())
        files.setdefault(DISAPPEARANCES.name, []).extend(written(DISAPPEARANCES, "SELECT * FROM fold.disappearances"))
        for table in APPENDED_BY_FOLD:
            if len(many := files.get(table.name, [])) > _MAX_FILES:
                files[table.name] = written(
                    table, f"SELECT * FROM {select_rows(table, [home.path / file for file in many])}"
                )
    taken = FoldedSnapshot(snapshot.snapshot_id, snapshot.as_of, snapshot.project_id, snapshot.region, loaded.content)
    return HistoryState(state.scope, [*state.folded, taken], files, state if state.folded else None)
