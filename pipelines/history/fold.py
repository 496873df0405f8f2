"""state(n) = fold(state(n - 1), snapshot(n)): one snapshot is added to the history of its scope.

A fold writes some tables anew and appends files to others. It does not write the manifest: see update.py.
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
from pipelines.contract.input_history import APPENDED
from pipelines.contract.tables import BACKUPS, NORMALIZED
from pipelines.history import versions
from pipelines.history.database import two_snapshots, write
from pipelines.history.inputs import fold_inputs
from pipelines.history.manifest import FoldedSnapshot, HistoryState
from pipelines.landing.manifest import Snapshot
from pipelines.models.files import read_query
from pipelines.storage.home import Home
from pipelines.storage.parquet import select_rows
from pipelines.tables.manifest import TableManifest

_MAX_FILES = 32  # of an appended table: more are merged into one, so that no run opens very many
# Of sql/fold/, each reading those before.
_STEPS = ("compared_snapshots", "points", "depths", "disappearances", "expiry_changes", "drift")


def fold(
    home: Home, state: HistoryState, before: TableManifest | None, snapshot: Snapshot, tables: TableManifest
) -> HistoryState:
    """Return the history with `snapshot` and its `tables`; `before` are the tables of the last folded snapshot."""
    files = {name: list(names) for name, names in state.files.items()}
    with two_snapshots(home, state, before, snapshot, tables) as connection:

        def write_table(table: Table, select: str) -> list[str]:
            return write(home, state.scope, table, connection, select)

        connection.execute(f"CREATE TABLE fold.statuses AS {read_query('staging/stg_statuses')}")
        for step in _STEPS:
            connection.execute(f"CREATE TABLE fold.{step} AS {read_query(f'fold/{step}')}")
        for table in NORMALIZED:
            opened, closed = OPEN_VERSIONS[table.name], CLOSED_VERSIONS[table.name]
            if before is None and table is not BACKUPS:
                files[opened.name] = []  # nothing is older or newer than its backup
                continue
            connection.execute(f"CREATE TABLE {versions.COMPARED} AS {versions.compared(table)}")
            files.setdefault(closed.name, []).extend(write_table(closed, versions.closing(table)))
            since = read_query("fold/backup_states") if table is BACKUPS else versions.lasting(table)
            files[opened.name] = write_table(opened, since)
            connection.execute(f"DROP TABLE {versions.COMPARED}")
        files[DEPTHS.name] = write_table(DEPTHS, "SELECT * FROM fold.depths")
        for name, table in UNREAD.items():
            files[table.name] = write_table(table, f"SELECT * FROM fold.{name}_unread")
        files.setdefault(EXPIRY_CHANGES.name, []).extend(
            write_table(EXPIRY_CHANGES, "SELECT * FROM fold.expiry_changes")
        )
        files[DRIFT_SEEN.name] = write_table(DRIFT_SEEN, "SELECT * FROM fold.drift")
        files.setdefault(DISAPPEARANCES.name, []).extend(
            write_table(DISAPPEARANCES, "SELECT * FROM fold.disappearances")
        )
        files |= fold_inputs(home, connection, state, snapshot, tables, write_table)
        for table in (*APPENDED_BY_FOLD, *APPENDED):
            if len(small := files.get(table.name, [])) > _MAX_FILES:
                files[table.name] = write_table(
                    table, f"SELECT * FROM {select_rows(table, [home.path / file for file in small])}"
                )
    folded = FoldedSnapshot(snapshot.snapshot_id, snapshot.as_of, snapshot.project_id, snapshot.region, tables.content)
    return HistoryState(state.scope, [*state.folded, folded], files, state if state.folded else None)
