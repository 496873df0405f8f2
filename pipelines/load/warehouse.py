"""The DuckDB file: filled as a draft beside the published one, then renamed over it.

Readers that have the old file open go on reading it; whoever opens the path next gets the new one. No reader
ever waits for a lock. Sources enter; a draft with them leaves, to be completed by models/ and published here.
"""

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb
import pyarrow as pa

from pipelines.contract.columns import Table
from pipelines.contract.derive import create_table, quoted
from pipelines.duck import STORAGE_VERSION, connect, count
from pipelines.home import Home, disk_full
from pipelines.load.parquet import rows_in
from pipelines.problem import Problem

_AS_DRAFT = f"STORAGE_VERSION '{STORAGE_VERSION}', RECOVERY_MODE 'no_wal_writes'"


@contextmanager
def draft(home: Home, run_id: str) -> Iterator[tuple[duckdb.DuckDBPyConnection, Path]]:
    """Open a draft, which is whole when the block ends well; else it is removed.

    Nobody sees it before it is renamed, so it needs neither a log nor a transaction around everything, which
    together cost a fifth of the time.
    """
    path = home.draft(run_id)
    before = os.umask(0o077)  # DuckDB makes its files itself, and asks for no mode
    try:
        with connect(spill=home.path) as connection:
            connection.execute(f"ATTACH {quoted(str(path))} AS draft ({_AS_DRAFT})")
            connection.execute("USE draft")
            connection.execute("SET checkpoint_threshold = '1TB'")  # once, at the end: each one costs what is there
            yield connection, path
            # Closing would do it too, but says nothing where it fails: a full disk would leave a file without tables.
            connection.execute("CHECKPOINT")
    except duckdb.Error as error:
        discard(path)
        said = str(error)
        if "No space left" in said:
            raise disk_full(path.parent) from None
        if isinstance(error, duckdb.IOException | duckdb.TransactionException):
            raise Problem(f"the draft {path} can't be written: {said}", "Mend the disk and run again.") from None
        raise
    except BaseException:
        discard(path)
        raise
    finally:
        os.umask(before)


def publish(home: Home, path: Path) -> None:
    """Make the draft the warehouse, in one step. Raises Problem where it is not what was built."""
    try:
        with connect(path, read_only=True) as connection:
            whole = count(connection, "meta.runs") == 1 and count(connection, "meta.audits") > 0
    except duckdb.Error:
        whole = False
    if not whole:
        discard(path)
        raise Problem(f"the draft {path} could not be read back", "Mend the disk and run again.")
    with path.open("rb") as file:
        os.fsync(file.fileno())
    path.replace(home.warehouse)


def sweep(home: Home) -> None:
    """Remove the drafts that killed runs left. Call it while the home is held."""
    for left in home.path.glob("warehouse.*.draft.duckdb*"):
        left.unlink()


def discard(path: Path) -> None:
    """Remove a draft and what DuckDB left beside it."""
    for left in (path, path.with_name(path.name + ".wal")):
        left.unlink(missing_ok=True)


def fill(connection: duckdb.DuckDBPyConnection, table: Table, rows: pa.Table | str | Iterable[Path]) -> int:
    """Create `table` with `rows`: an Arrow table, what to select from, or Parquet files. Return how many there are."""
    connection.execute(f"CREATE SCHEMA IF NOT EXISTS {table.schema}")
    connection.execute(create_table(table))
    names = ", ".join(column.name for column in table.columns)
    if isinstance(rows, pa.Table):
        connection.register("arrow_rows", rows)
        filled = connection.execute(f"INSERT INTO {table.relation} SELECT {names} FROM arrow_rows").fetchall()
        connection.unregister("arrow_rows")
    else:
        source = rows if isinstance(rows, str) else rows_in(table, rows)
        filled = connection.execute(f"INSERT INTO {table.relation} SELECT {names} FROM {source}").fetchall()
    return int(filled[0][0])
