"""Run one query on a published file and print its rows as a table, CSV or JSON, for `cbr-warehouse query`.

The file is opened read-only, and the query can't read other files.
"""

import csv
import json
import math
from collections.abc import Iterable
from pathlib import Path
from typing import Any, TextIO

import duckdb
from rich.console import Console
from rich.table import Table
from rich.text import Text

from pipelines.errors import ConfigurationError
from pipelines.reports.cells import escape_cell
from pipelines.storage.connection import (
    DAMAGE,
    open_published,
    restrict_to_database,
    translate_interrupts,
    unreadable_error,
)
from pipelines.text import printable

_ALLOWED = ([duckdb.StatementType.SELECT], [duckdb.StatementType.EXPLAIN])
_MAX_TABLE_ROWS = 1_000


def print_query(warehouse: Path, query: str, form: str, out: TextIO) -> None:
    """Write the rows of `query` to `out` as `table`, `csv` or `json`.

    Raise ConfigurationError if the query is not valid, StorageError if the file can't be read.
    """
    connection = open_published(warehouse)
    try:
        restrict_to_database(connection)
        with translate_interrupts():
            cursor = connection.execute(_check_query(connection, query))
            names = [column[0] for column in cursor.description or []]
            _WRITERS[form](names, iter(lambda: cursor.fetchone(), None), out)
    except DAMAGE as error:
        raise unreadable_error(warehouse, error) from None
    except duckdb.Error as error:
        raise ConfigurationError(
            f"the query failed: {str(error).split('LINE 1')[0]}",
            "Correct it. 'cbr-warehouse catalog' lists all relations and columns.",
        ) from None
    finally:
        connection.close()


def _check_query(connection: duckdb.DuckDBPyConnection, query: str) -> str:
    """Return `query` if it is one statement that only reads; raise ConfigurationError if not."""
    try:
        query.encode()
    except UnicodeEncodeError:
        raise ConfigurationError("the query is not text in UTF-8", "Write it in UTF-8.") from None
    statements = connection.extract_statements(query)
    if [statement.type for statement in statements] not in _ALLOWED:
        raise ConfigurationError("the query is not one SELECT", "Use one SELECT, DESCRIBE, SHOW or EXPLAIN.")
    return query


def _write_table(names: list[str], rows: Iterable[tuple[Any, ...]], out: TextIO) -> None:
    table = Table(box=None, pad_edge=False, header_style="dim")
    for name in names:
        table.add_column(Text(printable(name)), overflow="fold")
    truncated = False
    for number, row in enumerate(rows):
        if truncated := number == _MAX_TABLE_ROWS:
            break
        table.add_row(*(Text("" if value is None else printable(value)) for value in row))
    # A pipe has no width: nothing is folded there.
    console = Console(file=out, width=None if out.isatty() else 10_000)
    console.print(table)
    if truncated:
        console.print(f"Only the first {_MAX_TABLE_ROWS} rows are shown. Use --as csv or json for all.", style="dim")


def _write_csv(names: list[str], rows: Iterable[tuple[Any, ...]], out: TextIO) -> None:
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow([escape_cell(name) for name in names])
    writer.writerows([escape_cell(_join_list(value)) for value in row] for row in rows)


def _write_json(names: list[str], rows: Iterable[tuple[Any, ...]], out: TextIO) -> None:
    out.write("[")
    for number, row in enumerate(rows):
        # ASCII only: the output may go to a terminal.
        line = json.dumps(dict(zip(names, map(_finite, row), strict=True)), default=str)
        out.write((",\n " if number else "\n ") + line)
    out.write("\n]\n")


def _finite(value: object) -> object:
    """Return None for numbers that JSON can't express."""
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _join_list(value: object) -> object:
    return ";".join(map(str, value)) if isinstance(value, list) else value


_WRITERS = {"table": _write_table, "csv": _write_csv, "json": _write_json}
