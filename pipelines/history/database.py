"""The in-memory database of a fold, and writing its tables as Parquet.

Schema `was` is the previous snapshot and the history after it, `now` the new snapshot, `fold` the computed tables.
"""

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from itertools import chain
from pathlib import Path

import duckdb

from pipelines.contract.columns import Table
from pipelines.contract.history import DEPTHS, DRIFT_SEEN, OPEN_VERSIONS, UNREAD
from pipelines.contract.meta import DRIFT
from pipelines.contract.tables import NORMALIZED
from pipelines.history.manifest import HistoryState
from pipelines.history.versions import unread
from pipelines.landing.manifest import Snapshot
from pipelines.storage.connection import FEW_ROWS, connect
from pipelines.storage.home import Home
from pipelines.storage.parquet import explain_damage, open_parquet, select_rows, stored_type
from pipelines.tables.manifest import TableManifest

_BATCH = 50_000  # rows


@contextmanager
def two_snapshots(
    home: Home, state: HistoryState, before: TableManifest | None, snapshot: Snapshot, tables: TableManifest
) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open a database with both snapshots. It is closed when the block is left."""
    with explain_damage(home), connect(spill=home.path) as connection:
        few = sum(sum(manifest.rows.values()) for manifest in (before, tables) if manifest) < FEW_ROWS
        kind = "TABLE" if few else "VIEW"  # few rows are read once, many by each query that needs them
        if few:
            connection.execute("SET threads = 1")
        for schema in ("was", "now", "fold"):
            connection.execute(f"CREATE SCHEMA {schema}")

        def create(relation: str, table: Table, files: list[Path]) -> None:
            connection.execute(f"CREATE {kind} {relation} AS SELECT * FROM {select_rows(table, files)}")

        for table in NORMALIZED:
            files = before.paths(home, table.name) if before else []
            if table.name in UNREAD:
                files = [*files, *state.paths(home, UNREAD[table.name].name)]
            create(f"was.{table.name}", table, files)
            read = f"{table.name}_read" if table.name in UNREAD else table.name
            create(f"now.{read}", table, tables.paths(home, table.name))
            if table.name in UNREAD:
                _carry_over(connection, table)
        create("now.drift", DRIFT, tables.paths(home, DRIFT.name))
        for table in (*OPEN_VERSIONS.values(), DEPTHS, DRIFT_SEEN):
            create(f"was.{table.name}", table, state.paths(home, table.name))
        last = state.last
        _create_snapshot(connection, "now", snapshot.as_of, snapshot.finished_at, snapshot.project_id, snapshot.region)
        if last:
            _create_snapshot(connection, "was", last.as_of, None, last.project_id, last.region)
        else:
            _create_snapshot(connection, "was", None, None, None, None)
        yield connection


def write(home: Home, scope: str, table: Table, connection: duckdb.DuckDBPyConnection, select: str) -> list[str]:
    """Write the rows of `select` to a file of `table`; return its path below the home, or [] if there are no rows."""
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
    """Add the rows that were not read again, as last read: they are neither gone now nor new when read next."""
    connection.execute(f"CREATE TABLE fold.{table.name}_unread AS {unread(table)}")
    connection.execute(
        f"CREATE VIEW now.{table.name} AS"
        f" SELECT * FROM now.{table.name}_read UNION ALL SELECT * FROM fold.{table.name}_unread"
    )


def _create_snapshot(connection: duckdb.DuckDBPyConnection, schema: str, *values: datetime | str | None) -> None:
    columns = "as_of TIMESTAMP, finished_at TIMESTAMP, project_id VARCHAR, region VARCHAR"
    connection.execute(f"CREATE TABLE {schema}.snapshot ({columns})")
    connection.execute(f"INSERT INTO {schema}.snapshot VALUES ($1, $2, $3, $4)", list(values))
