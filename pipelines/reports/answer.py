"""The answer of one query, as a table, CSV or JSON.

The published file and a query enter, read-only and without a way to other files; text leaves, row by row.
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

from pipelines.errors import WarehouseError
from pipelines.reports.safe import cell
from pipelines.storage.connection import (
    DAMAGE,
    open_published,
    restrict_to_database,
    translate_interrupts,
    unreadable_error,
)
from pipelines.text import printable

_ASKING = ([duckdb.StatementType.SELECT], [duckdb.StatementType.EXPLAIN])
_LISTED = 1_000  # rows of a table: who wants more wants a file


def print_answer(warehouse: Path, query: str, form: str, out: TextIO) -> None:
    """Write what `query` finds to `out`, as `table`, `csv` or `json`. Raises WarehouseError if it can't be answered."""
    connection = open_published(warehouse)
    try:
        restrict_to_database(connection)
        with translate_interrupts():
            cursor = connection.execute(_one(connection, query))
            names = [column[0] for column in cursor.description or []]
            _FORMS[form](names, iter(lambda: cursor.fetchone(), None), out)
    except DAMAGE as error:
        raise unreadable_error(warehouse, error) from None
    except duckdb.Error as error:
        raise WarehouseError(
            f"the query can't be answered: {str(error).split('LINE 1')[0]}",
            "Mend it; 'cbr-warehouse catalog' lists what there is.",
        ) from None
    finally:
        connection.close()


def _one(connection: duckdb.DuckDBPyConnection, query: str) -> str:
    """Return a query that asks one thing. Raises WarehouseError for anything else, be it harmless."""
    try:
        query.encode()
    except UnicodeEncodeError:
        raise WarehouseError("the query is not text in UTF-8", "Write it in UTF-8.") from None
    statements = connection.extract_statements(query)
    if [statement.type for statement in statements] not in _ASKING:
        raise WarehouseError("that is not one query", "Ask with one SELECT, DESCRIBE, SHOW or EXPLAIN.")
    return query


def _table(names: list[str], rows: Iterable[tuple[Any, ...]], out: TextIO) -> None:
    table = Table(box=None, pad_edge=False, header_style="dim")
    for name in names:
        table.add_column(Text(printable(name)), overflow="fold")
    more = False
    for number, row in enumerate(rows):
        if more := number == _LISTED:
            break
        table.add_row(*(Text("" if value is None else printable(value)) for value in row))
    # A pipe has no width: nothing is folded there.
    console = Console(file=out, width=None if out.isatty() else 10_000)
    console.print(table)
    if more:
        console.print(f"and more than {_LISTED}: ask for --as csv or json", style="dim")


def _csv(names: list[str], rows: Iterable[tuple[Any, ...]], out: TextIO) -> None:
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow([cell(name) for name in names])
    writer.writerows([cell(_joined(value)) for value in row] for row in rows)


def _json(names: list[str], rows: Iterable[tuple[Any, ...]], out: TextIO) -> None:
    out.write("[")
    for number, row in enumerate(rows):
        # In ASCII: a terminal may stand where a program was expected.
        line = json.dumps(dict(zip(names, map(_plain, row), strict=True)), default=str)
        out.write((",\n " if number else "\n ") + line)
    out.write("\n]\n")


def _plain(value: object) -> object:
    """Return what JSON has no number for as null."""
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _joined(value: object) -> object:
    return ";".join(map(str, value)) if isinstance(value, list) else value


_FORMS = {"table": _table, "csv": _csv, "json": _json}
