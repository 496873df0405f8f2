"""state(n) = fold(state(n - 1), snapshot(n)).

Belongs here: what of a state is written anew by a fold, and what grows. A state, the tables before and the new
ones enter; the new state leaves, its files written and not yet made to count.
"""

from pipelines.contract.columns import Table
from pipelines.contract.history import CLOSED, DEPTHS, DISAPPEARANCES, DRIFT_SEEN, EXPIRY_CHANGES, GROWN, OPEN, UNREAD
from pipelines.contract.tables import BACKUPS, NORMALIZED
from pipelines.extract.landing import Snapshot
from pipelines.history import versions
from pipelines.history.database import two_snapshots, write
from pipelines.history.state import Folded, State
from pipelines.home import Home
from pipelines.load.parquet import rows_in
from pipelines.load.tables import Loaded
from pipelines.models.files import read_query

_FEW = 32  # files of a table that grows: more are made one, so that no run opens very many
# Of sql/fold/, each reading those before.
_STEPS = ("compared_snapshots", "points", "depths", "disappearances", "expiry_changes", "drift")


def fold(home: Home, state: State, before: Loaded | None, snapshot: Snapshot, loaded: Loaded) -> State:
    """Take `snapshot`, whose tables are `loaded`, into the history; `before` are those of the newest one in it."""
    files = {name: list(held) for name, held in state.files.items()}
    with two_snapshots(home, state, before, snapshot, loaded) as connection:

        def written(table: Table, select: str) -> list[str]:
            return write(home, state.scope, table, connection, select)

        for step in _STEPS:
            connection.execute(f"CREATE TABLE fold.{step} AS {read_query(f'fold/{step}')}")
        for table in NORMALIZED:
            opened, closed = OPEN[table.name], CLOSED[table.name]
            if before is None and table is not BACKUPS:
                files[opened.name] = []  # nothing is older or newer than its backup
                continue
            connection.execute(f"CREATE TABLE {versions.COMPARED} AS {versions.compared(table)}")
            files.setdefault(closed.name, []).extend(written(closed, versions.closing(table)))
            since = read_query("fold/backup_states") if table is BACKUPS else versions.lasting(table)
            files[opened.name] = written(opened, since)
            connection.execute(f"DROP TABLE {versions.COMPARED}")
        files[DEPTHS.name] = written(DEPTHS, "SELECT * FROM fold.depths")
        for name, table in UNREAD.items():
            files[table.name] = written(table, f"SELECT * FROM fold.{name}_unread")
        files.setdefault(EXPIRY_CHANGES.name, []).extend(written(EXPIRY_CHANGES, "SELECT * FROM fold.expiry_changes"))
        files[DRIFT_SEEN.name] = written(DRIFT_SEEN, "SELECT * FROM fold.drift")
        files.setdefault(DISAPPEARANCES.name, []).extend(written(DISAPPEARANCES, "SELECT * FROM fold.disappearances"))
        for table in GROWN:
            if len(many := files.get(table.name, [])) > _FEW:
                files[table.name] = written(
                    table, f"SELECT * FROM {rows_in(table, [home.path / file for file in many])}"
                )
    taken = Folded(
        snapshot.snapshot_id, snapshot.as_of.isoformat(), snapshot.project_id, snapshot.region, loaded.content
    )
    return State(state.scope, [*state.folded, taken], files, state if state.folded else None)
