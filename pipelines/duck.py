"""How this project opens DuckDB: every connection, everywhere.

Belongs here: the settings that make answers right. Does not belong here: SQL of any model.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb

from pipelines.problem import Problem

# The oldest storage format that DuckDB 1.4 and 1.5 tools still open; 2.0's own default they refuse.
STORAGE_VERSION = "v1.4.0"
MEMORY = "1650MB"  # what DuckDB may use while it folds or builds; a process as a whole stays below 2 GB


def count(connection: duckdb.DuckDBPyConnection, relation: str) -> int:
    """Return how many rows a relation, or a SELECT in parentheses, has."""
    return int(connection.execute(f"SELECT count(*) FROM {relation}").fetchall()[0][0])


def rows(connection: duckdb.DuckDBPyConnection, query: str) -> list[dict[str, Any]]:
    """Return what a query finds, a row a dict."""
    cursor = connection.execute(query)
    names = [column[0] for column in cursor.description or []]
    return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def open_file(path: Path | str, *, read_only: bool = True) -> duckdb.DuckDBPyConnection:
    """Return a connection to `path` with the settings of this project. Whoever asks for it closes it."""
    config: dict[str, str | bool | int | float | list[str]] = (
        {} if read_only else {"storage_compatibility_version": STORAGE_VERSION}
    )
    connection = duckdb.connect(str(path), read_only=read_only, config=config)
    # Naive timestamps are UTC: the session's zone must never shift them.
    connection.execute("SET TimeZone = 'UTC'")
    connection.execute("SET enable_progress_bar = false")
    # DuckDB takes INTERVAL 1 MONTH and INTERVAL 30 DAY for the same expression and merges them.
    connection.execute("SET disabled_optimizers = 'common_subexpressions'")
    return connection


@contextmanager
def connect(
    path: Path | str = ":memory:", *, read_only: bool = False, spill: Path | None = None
) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open `path` and close it again, whatever happens: a handle left open holds the file's lock.

    Where `spill` is a folder, memory is bounded, and what does not fit goes there for as long as it is needed.
    """
    connection = open_file(path, read_only=read_only)
    try:
        if spill:
            connection.execute(f"SET memory_limit = '{MEMORY}'")
            connection.execute("SET preserve_insertion_order = false")
            connection.execute("SET temp_directory = $1", [str(spill / ".spill")])
        yield connection
    finally:
        connection.close()


@contextmanager
def published(path: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open a published file, read-only. Raises Problem where it has not what this version asks for."""
    with connect(path, read_only=True) as connection:
        try:
            yield connection
        except (duckdb.CatalogException, duckdb.BinderException):
            raise Problem(
                f"{path} was made by another version of cbr-warehouse", "Run 'cbr-warehouse build' to make it again."
            ) from None
