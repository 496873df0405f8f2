"""The DuckDB file: filled as a draft beside the published one, then renamed over it.

Readers that have the old file open go on reading it; whoever opens the path next gets the new one. No reader
ever waits for a lock. Sources enter; a draft with them leaves, to be completed by models/ and published here.
"""

import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import duckdb
import pyarrow as pa

from pipelines.contract.columns import Table
from pipelines.contract.derive import comments, create_table, quoted
from pipelines.duck import connect
from pipelines.home import Home
from pipelines.problem import Problem


@contextmanager
def draft(home: Home, run_id: str) -> Iterator[tuple[duckdb.DuckDBPyConnection, Path]]:
    """Open a draft in one transaction, committed when the block ends well; else the draft is removed."""
    path = home.draft(run_id)
    before = os.umask(0o077)  # DuckDB makes its files itself, and asks for no mode
    try:
        with connect(path) as connection:
            connection.execute("BEGIN")
            yield connection, path
            connection.execute("COMMIT")
    except duckdb.IOException as error:
        discard(path)
        raise Problem(
            f"the draft {path} can't be written: {str(error).splitlines()[0]}",
            "Free some space, or mend the disk; the published file is as it was.",
        ) from None
    except BaseException:
        discard(path)
        raise
    finally:
        os.umask(before)


def publish(home: Home, path: Path) -> None:
    """Make the draft the warehouse, in one step."""
    with path.open("rb") as file:
        os.fsync(file.fileno())
    path.replace(home.warehouse)


def discard(path: Path) -> None:
    """Remove a draft and what DuckDB left beside it."""
    for left in (path, path.with_name(path.name + ".wal")):
        left.unlink(missing_ok=True)


def fill(connection: duckdb.DuckDBPyConnection, table: Table, rows: pa.Table | Iterable[Path], note: str = "") -> int:
    """Create `table`, described, with `rows`: an Arrow table or Parquet files. Return how many there are."""
    connection.execute(f"CREATE SCHEMA IF NOT EXISTS {table.schema}")
    connection.execute(create_table(table))
    names = ", ".join(column.name for column in table.columns)
    if isinstance(rows, pa.Table):
        connection.register("arrow_rows", rows)
        connection.execute(f"INSERT INTO {table.relation} SELECT {names} FROM arrow_rows")
        connection.unregister("arrow_rows")
    elif files := ", ".join(quoted(str(path)) for path in rows):
        connection.execute(f"INSERT INTO {table.relation} SELECT {names} FROM read_parquet([{files}])")
    described: Mapping[str, str] = {column.name: column.comment for column in table.columns}
    for statement in comments(table.relation, table.doc + note, described):
        connection.execute(statement)
    return int(connection.execute(f"SELECT count(*) FROM {table.relation}").fetchall()[0][0])
