"""The DuckDB file: filled as a draft beside the published one, then renamed over it.

Readers that have the old file open go on reading it, and no reader waits for a lock.
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
_ATTACH_OPTIONS = f"STORAGE_VERSION '{STORAGE_VERSION}', RECOVERY_MODE 'no_wal_writes'"


@contextmanager
def open_draft(home: Home, run_id: str) -> Iterator[tuple[duckdb.DuckDBPyConnection, Path]]:
    """Open a draft. It is complete when the block ends, and removed if the block raises.

    Nobody reads it before it is renamed, so it needs neither a log nor one large transaction, which together cost a
    fifth of the time.
    """
    path = home.draft(run_id)
    umask = os.umask(0o077)  # DuckDB creates its files itself, and takes no mode
    try:
        with connect(spill=home.path) as connection:
            connection.execute(f"ATTACH {quoted(str(path))} AS draft ({_ATTACH_OPTIONS})")
            connection.execute("USE draft")
            connection.execute(
                "SET checkpoint_threshold = '1TB'"
            )  # only once, at the end: each checkpoint costs the size of the file
            yield connection, path
            # Closing does it too, but silently: on a full disk it would leave a file without tables.
            connection.execute("CHECKPOINT")
    except duckdb.Error as error:
        discard_draft(path)
        message = str(error)
        if "No space left" in message:
            raise disk_full_error(path.parent) from None
        if isinstance(error, duckdb.IOException | duckdb.TransactionException):
            raise StorageError(
                f"the draft {path} can't be written: {message}", "Check the disk and run again."
            ) from None
        raise
    except BaseException:
        discard_draft(path)
        raise
    finally:
        os.umask(umask)


def publish_file(home: Home, path: Path) -> None:
    """Rename the draft over the published file. Raise StorageError if it can't be read back.

    A process that has the old file open for writing keeps it, and loses what it writes: the log of the old file beside
    the new one would lock every reader out.
    """
    try:
        with connect(path, read_only=True) as connection:
            is_complete = count_rows(connection, "meta.runs") == 1 and count_rows(connection, "meta.audits") > 0
    except duckdb.Error:
        is_complete = False
    if not is_complete:
        discard_draft(path)
        raise StorageError(f"the draft {path} could not be read back", "Check the disk and run again.")
    with path.open("rb") as file:
        os.fsync(file.fileno())
    if writer := writer_of(home.warehouse):
        _log.warning(
            "%s was open for writing in %s: what it writes there is lost. Open the file read-only.",
            home.warehouse,
            writer,
        )
    # Before and after the rename: a kill in between leaves the old file without its log, never the new one with it.
    _remove_logs(home.warehouse)
    path.replace(home.warehouse)
    _remove_logs(home.warehouse)


def remove_leftovers(home: Home) -> None:
    """Remove the drafts of killed runs, and the log of a process that wrote to the published file.

    Call it while the home is locked. Raise StorageError if no file can be published.
    """
    if home.warehouse.is_dir():
        raise StorageError(
            f"{home.warehouse} is a folder, where the published file belongs", "Move it away and run again."
        )
    for path in (*home.path.glob("warehouse.*.draft.duckdb*"), home.path / SPILL):
        _remove(path)
    _remove_logs(home.warehouse)


def discard_draft(path: Path) -> None:
    """Remove a draft and the files that DuckDB keeps beside it."""
    _remove(path)
    _remove_logs(path)


def _remove_logs(path: Path) -> None:
    """Remove the logs and the folder that DuckDB keeps beside a file while it is written."""
    for suffix in (".wal", ".wal.checkpoint", ".wal.recovery", ".tmp"):
        _remove(path.with_name(path.name + suffix))


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)  # a process may still be writing there
    else:
        path.unlink(missing_ok=True)


def fill_table(connection: duckdb.DuckDBPyConnection, table: Table, rows: pa.Table | str | Iterable[Path]) -> int:
    """Create `table` with `rows`: an Arrow table, SQL to select from, or Parquet files. Return the number of rows."""
    connection.execute(f"CREATE SCHEMA IF NOT EXISTS {table.schema}")
    connection.execute(create_table(table))
    names = ", ".join(column.name for column in table.columns)
    if not isinstance(rows, pa.Table | str):
        rows = list(rows)
    if not isinstance(rows, str) and not len(rows):
        return 0  # most tables of a small home
    if isinstance(rows, pa.Table):
        connection.register("arrow_rows", rows)
        inserted = connection.execute(f"INSERT INTO {table.relation} SELECT {names} FROM arrow_rows").fetchall()
        connection.unregister("arrow_rows")
    else:
        source = rows if isinstance(rows, str) else select_rows(table, rows)
        inserted = connection.execute(f"INSERT INTO {table.relation} SELECT {names} FROM {source}").fetchall()
    return int(inserted[0][0])
