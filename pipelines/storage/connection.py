"""How this project opens DuckDB: the settings that make results right, and errors about unreadable files."""

import os
import re
import stat
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, TypeVar
from weakref import WeakSet

import duckdb

from pipelines.errors import StorageError, WarehouseError

Row = TypeVar("Row")
# DuckDB 1.5 and newer read it. 1.4 refuses it at once: a file of 1.4's own format it would open, and then hang on views
# that have a CTE.
STORAGE_VERSION = "v1.5.0"
DAMAGE = (duckdb.IOException, duckdb.SerializationException, duckdb.InternalException, duckdb.FatalException)
_WRITER = re.compile(r"lock is held in (.+?) \(PID (\d+)\)")
_CONNECTIONS: WeakSet[duckdb.DuckDBPyConnection] = WeakSet()
_CONNECTIONS_LOCK = threading.Lock()
SPILL = ".spill"  # the folder for data that does not fit into memory
FEW_ROWS = 100_000  # of all tables that are read: below that, threads cost more than they save
MEMORY = "1650MB"  # DuckDB's limit in a fold or build; the whole process stays below 2 GB


def interrupt_all() -> None:
    """Interrupt every connection of this process. Call it from another thread: the main one may wait for DuckDB."""
    with _CONNECTIONS_LOCK:
        connections = list(_CONNECTIONS)
    for connection in connections:
        with suppress(duckdb.ConnectionException):  # closed meanwhile
            connection.interrupt()


@contextmanager
def translate_interrupts() -> Iterator[None]:
    """Raise KeyboardInterrupt for DuckDB's own error: DuckDB drops the one that a signal handler raised."""
    try:
        yield
    except (RuntimeError, duckdb.InterruptException) as error:
        if isinstance(error, duckdb.InterruptException) or str(error) == "Query interrupted":
            raise KeyboardInterrupt from None
        raise


def count_rows(connection: duckdb.DuckDBPyConnection, relation: str) -> int:
    """Return the number of rows of a relation, or of a SELECT in parentheses."""
    return int(connection.execute(f"SELECT count(*) FROM {relation}").fetchall()[0][0])


def fetch_dicts(connection: duckdb.DuckDBPyConnection, query: str) -> list[dict[str, Any]]:
    """Return the rows of a query as dicts."""
    cursor = connection.execute(query)
    names = [column[0] for column in cursor.description or []]
    return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def fetch_rows(connection: duckdb.DuckDBPyConnection, query: str, row_type: type[Row]) -> list[Row]:
    """Return the rows of a query as `row_type`, a dataclass whose fields are the columns of the query."""
    return [row_type(**row) for row in fetch_dicts(connection, query)]


def open_file(path: Path | str, *, read_only: bool = True) -> duckdb.DuckDBPyConnection:
    """Return a connection to `path` with the settings of this project. The caller closes it."""
    config: dict[str, str | bool | int | float | list[str]] = (
        {} if read_only else {"storage_compatibility_version": STORAGE_VERSION}
    )
    connection = duckdb.connect(str(path), read_only=read_only, config=config)
    with _CONNECTIONS_LOCK:
        _CONNECTIONS.add(connection)
    # Timestamps without zone are UTC: the session's zone must never shift them.
    connection.execute("SET TimeZone = 'UTC'")
    connection.execute("SET enable_progress_bar = false")
    # DuckDB merges INTERVAL 1 MONTH and INTERVAL 30 DAY, as if they were the same expression.
    connection.execute("SET disabled_optimizers = 'common_subexpressions'")
    return connection


@contextmanager
def connect(
    path: Path | str = ":memory:", *, read_only: bool = False, spill: Path | None = None
) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open `path`, and close it when the block is left: an open connection holds the file's lock.

    If `spill` is a folder, memory is limited, and data that does not fit is spilled there.
    """
    connection = open_file(path, read_only=read_only)
    try:
        if spill:
            connection.execute(f"SET memory_limit = '{MEMORY}'")
            connection.execute("SET preserve_insertion_order = false")
            connection.execute("SET temp_directory = $1", [str(spill / SPILL)])
        with translate_interrupts():
            yield connection
    finally:
        connection.close()


def open_published(path: Path) -> duckdb.DuckDBPyConnection:
    """Return a read-only connection to a published file. The caller closes it.

    Raise StorageError if there is no such file, if somebody writes to it, or if it can't be read.
    """
    _check_file(path)
    try:
        connection = open_file(path)
    except duckdb.Error as error:
        raise unreadable_error(path, error) from None
    if wal_of(path).exists():
        connection.close()
        raise _written_to(path)
    return connection


@contextmanager
def read_published(path: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open a published file, read-only. Raise StorageError if it is damaged or made by another version."""
    connection = open_published(path)
    try:
        with translate_interrupts():
            yield connection
    except (duckdb.CatalogException, duckdb.BinderException):
        raise StorageError(
            f"{path} was made by another version of cbr-warehouse", "Run 'cbr-warehouse build' to make it again."
        ) from None
    except DAMAGE as error:
        raise unreadable_error(path, error) from None
    finally:
        connection.close()


def restrict_to_database(connection: duckdb.DuckDBPyConnection) -> None:
    """Let the following SQL read the open database and nothing else. It can't be undone."""
    for setting in (
        "enable_external_access = false",
        "autoload_known_extensions = false",
        "autoinstall_known_extensions = false",
        "allow_community_extensions = false",
        "lock_configuration = true",
    ):
        connection.execute(f"SET {setting}")


def wal_of(path: Path) -> Path:
    """Return the path of the log that DuckDB keeps beside a file while somebody writes to it."""
    return path.with_name(f"{path.name}.wal")


def writer_of(path: Path) -> str | None:
    """Return the program that has a file open for writing, or None."""
    try:
        open_file(path).close()
    except duckdb.Error as error:
        writer = _WRITER.search(str(error))
        return f"{writer[1]} (process {writer[2]})" if writer else None
    return None


def unreadable_error(path: Path, error: duckdb.Error) -> WarehouseError:
    """Return the error for a published file that DuckDB can't open or read."""
    text = str(error)
    if writer := _WRITER.search(text):
        return StorageError(
            f"{path} is open for writing in {writer[1]} (process {writer[2]})",
            "Close it there. Open it read-only: that locks nobody out.",
        )
    if wal_of(path).exists():
        return _written_to(path)
    if "different configuration" in text:
        return StorageError(
            f"{path} is open for writing in this process", "Close that connection, or open it read-only."
        )
    if "version number" in text:
        return StorageError(
            f"{path} was written by another version of DuckDB", "Run 'cbr-warehouse build' to make it again."
        )
    return StorageError(
        f"{path} is damaged: {text.splitlines()[0]}", "Delete it and run 'cbr-warehouse build', which makes it again."
    )


def _check_file(path: Path) -> None:
    """Raise StorageError if `path` can't be a published file.

    The file is not opened: closing it would release the locks that DuckDB holds on it in this process.
    """
    try:
        mode = path.stat().st_mode
    except FileNotFoundError:
        raise StorageError(
            f"there is no {path}", "Run 'cbr-warehouse run' or 'build' first, or name another --home."
        ) from None
    except OSError as error:
        raise StorageError(
            f"{path} can't be read: {error.strerror}",
            "Remove it and run 'cbr-warehouse build', or name another --home.",
        ) from None
    if not stat.S_ISREG(mode):
        raise StorageError(f"{path} is not a file", "Move it away and run 'cbr-warehouse build'.")
    if not os.access(path, os.R_OK):
        raise StorageError(f"{path} can't be read: Permission denied", "Ask as its owner, or have its mode changed.")


def _written_to(path: Path) -> WarehouseError:
    return StorageError(
        f"somebody wrote to {path}, which only a run may: {wal_of(path).name} lies beside it",
        "Close whatever has it open and run 'cbr-warehouse build', which makes it again without that.",
    )
