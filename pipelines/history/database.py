"""The database of a fold: two snapshots side by side, read where they stand, and what is written out of it.

Schema `was` is the snapshot before, and the history's state after it; `now` the new one; `fold` what is worked out.
"""

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from itertools import chain

import duckdb

from pipelines.contract.columns import Table
from pipelines.contract.history import DEPTHS, DRIFT_SEEN, OPEN_VERSIONS, UNREAD
from pipelines.contract.meta import DRIFT
from pipelines.contract.tables import NORMALIZED
from pipelines.history.manifest import HistoryState
from pipelines.history.versions import unread
from pipelines.landing.manifest import Snapshot
from pipelines.storage.connection import connect
from pipelines.storage.home import Home
from pipelines.storage.parquet import explain_damage, open_parquet, select_rows, stored_type
from pipelines.tables.manifest import TableManifest

_BATCH = 50_000  # rows


@contextmanager
def two_snapshots(
    home: Home, state: HistoryState, before: TableManifest | None, snapshot: Snapshot, loaded: TableManifest
) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open a database that has them; it is gone when the block is left."""
    with explain_damage(home), connect(spill=home.path) as connection:
        for schema in ("was", "now", "fold"):
            connection.execute(f"CREATE SCHEMA {schema}")
        for table in (*NORMALIZED, DRIFT):
            files = before.paths(home, table.name) if before else []
            if table.name in UNREAD:
                files = [*files, *state.paths(home, UNREAD[table.name].name)]
            connection.execute(f"CREATE VIEW was.{table.name} AS SELECT * FROM {select_rows(table, files)}")
            read = f"{table.name}_read" if table.name in UNREAD else table.name
            rows = select_rows(table, loaded.paths(home, table.name))
            connection.execute(f"CREATE VIEW now.{read} AS SELECT * FROM {rows}")
        connection.execute("DROP VIEW was.drift")
        for table in NORMALIZED:
            if table.name in UNREAD:
                _carry_over(connection, table)
        for table in (*OPEN_VERSIONS.values(), DEPTHS, DRIFT_SEEN):
            connection.execute(
                f"CREATE VIEW was.{table.name} AS SELECT * FROM {select_rows(table, state.paths(home, table.name))}"
            )
        last = state.last
        _about(connection, "now", snapshot.as_of, snapshot.finished_at, snapshot.project_id, snapshot.region)
        if last:
            _about(connection, "was", last.as_of, None, last.project_id, last.region)
        else:
            _about(connection, "was", None, None, None, None)
        yield connection


def write(home: Home, scope: str, table: Table, connection: duckdb.DuckDBPyConnection, select: str) -> list[str]:
    """Write the rows of `select` to a file of `table`; return its path below the home, nothing where there are none."""
    columns = ", ".join(f"CAST({c.name} AS {stored_type(c)}) AS {c.name}" for c in table.columns)
    rows = connection.sql(f"SELECT {columns} FROM ({select}) AS written").to_arrow_reader(_BATCH)
    first = next(rows, None)
    if first is None or not first.num_rows:
        return []
    path = home.history(table.name, scope) / f"part-{uuid.uuid4().hex}.parquet"
    with open_parquet(path, table, {}) as writer:
        for batch in chain([first], rows):
            writer.write_batch(batch.cast(writer.schema))
    return [str(path.relative_to(home.path))]


def _carry_over(connection: duckdb.DuckDBPyConnection, table: Table) -> None:
    """Let what was not read again stand as it was last read: it is not gone, and not new when it is read again."""
    connection.execute(f"CREATE TABLE fold.{table.name}_unread AS {unread(table)}")
    connection.execute(
        f"CREATE VIEW now.{table.name} AS"
        f" SELECT * FROM now.{table.name}_read UNION ALL SELECT * FROM fold.{table.name}_unread"
    )


def _about(connection: duckdb.DuckDBPyConnection, side: str, *about: datetime | str | None) -> None:
    columns = "as_of TIMESTAMP, finished_at TIMESTAMP, project_id VARCHAR, region VARCHAR"
    connection.execute(f"CREATE TABLE {side}.snapshot ({columns})")
    connection.execute(f"INSERT INTO {side}.snapshot VALUES ($1, $2, $3, $4)", list(about))
