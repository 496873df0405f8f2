"""The DuckDB file: filled as a draft beside the published one, then renamed over it.

Readers that have the old file open go on reading it; whoever opens the path next gets the new one. No reader
ever waits for a lock. Sources enter; a draft with them leaves, to be completed by models/ and published here.
"""

import logging
import os
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb
import pyarrow as pa

from pipelines.contract.columns import Table
from pipelines.contract.derive import create_table, quoted
from pipelines.errors import StorageError
from pipelines.storage.connection import SPILL, STORAGE_VERSION, connect, count_rows, writer_of
from pipelines.storage.files import disk_full_error
from pipelines.storage.home import Home
from pipelines.storage.parquet import select_rows

_log = logging.getLogger(__name__)
_AS_DRAFT = f"STORAGE_VERSION '{STORAGE_VERSION}', RECOVERY_MODE 'no_wal_writes'"


@contextmanager
def open_draft(home: Home, run_id: str) -> Iterator[tuple[duckdb.DuckDBPyConnection, Path]]:
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
        discard_draft(path)
        said = str(error)
        if "No space left" in said:
            raise disk_full_error(path.parent) from None
        if isinstance(error, duckdb.IOException | duckdb.TransactionException):
            raise StorageError(f"the draft {path} can't be written: {said}", "Mend the disk and run again.") from None
        raise
    except BaseException:
        discard_draft(path)
        raise
    finally:
        os.umask(before)


def publish_file(home: Home, path: Path) -> None:
    """Make the draft the warehouse, in one step. Raises WarehouseError if it is not what was built.

    Whoever has the old file open for writing keeps it, and what is written there is lost: the log of an old file beside
    the new one would keep every reader out.
    """
    try:
        with connect(path, read_only=True) as connection:
            whole = count_rows(connection, "meta.runs") == 1 and count_rows(connection, "meta.audits") > 0
    except duckdb.Error:
        whole = False
    if not whole:
        discard_draft(path)
        raise StorageError(f"the draft {path} could not be read back", "Mend the disk and run again.")
    with path.open("rb") as file:
        os.fsync(file.fileno())
    if writer := writer_of(home.warehouse):
        _log.warning(
            "%s was open for writing in %s: what is written there is lost. Open it read-only.", home.warehouse, writer
        )
    # Before and after: killed in between, the old file stands without its log, and never the new one beside it.
    _remove_beside(home.warehouse)
    path.replace(home.warehouse)
    _remove_beside(home.warehouse)


def remove_leftovers(home: Home) -> None:
    """Remove what killed runs left, and the log of somebody who wrote to the published file.

    Call it while the home is locked. Raises WarehouseError if no file can be published.
    """
    if home.warehouse.is_dir():
        raise StorageError(
            f"{home.warehouse} is a folder, where the published file belongs", "Move it away and run again."
        )
    for left in (*home.path.glob("warehouse.*.draft.duckdb*"), home.path / SPILL):
        _remove(left)
    _remove_beside(home.warehouse)


def discard_draft(path: Path) -> None:
    """Remove a draft and what DuckDB left beside it."""
    _remove(path)
    _remove_beside(path)


def _remove_beside(path: Path) -> None:
    """Remove the logs and the folder that DuckDB keeps beside a file while somebody writes to it."""
    for suffix in (".wal", ".wal.checkpoint", ".wal.recovery", ".tmp"):
        _remove(path.with_name(path.name + suffix))


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)  # whoever writes there goes on doing so
    else:
        path.unlink(missing_ok=True)


def fill_table(connection: duckdb.DuckDBPyConnection, table: Table, rows: pa.Table | str | Iterable[Path]) -> int:
    """Create `table` with `rows`: an Arrow table, what to select from, or Parquet files. Return how many there are."""
    connection.execute(f"CREATE SCHEMA IF NOT EXISTS {table.schema}")
    connection.execute(create_table(table))
    names = ", ".join(column.name for column in table.columns)
    if isinstance(rows, pa.Table):
        connection.register("arrow_rows", rows)
        filled = connection.execute(f"INSERT INTO {table.relation} SELECT {names} FROM arrow_rows").fetchall()
        connection.unregister("arrow_rows")
    else:
        source = rows if isinstance(rows, str) else select_rows(table, rows)
        filled = connection.execute(f"INSERT INTO {table.relation} SELECT {names} FROM {source}").fetchall()
    return int(filled[0][0])
