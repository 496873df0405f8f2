"""The marts -> a workbook, for whoever works with a spreadsheet: a sheet each.

Belongs here: which sheets, and cells that no spreadsheet takes for a formula. The published file enters, read-only; a
file leaves. A sheet holds so many rows at most; the first sheet says how many there are.
"""

import itertools
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb
import xlsxwriter
from xlsxwriter.exceptions import FileCreateError

from pipelines.models.files import read_query
from pipelines.reports.safe import cell

_MOST = 8_000  # rows of a sheet
_LONGEST = 32_000  # characters of a cell: some fewer than a spreadsheet takes
_BETWEEN = "; "


def write_workbook(connection: duckdb.DuckDBPyConnection, path: Path) -> None:
    """Write a sheet for each mart, and the results that do not pass. Raises OSError where it can't be written."""
    try:
        _write_workbook(connection, path)
    except FileCreateError as error:
        cause = error.args[0] if error.args else None
        raise cause if isinstance(cause, OSError) else OSError(str(error)) from None


def _write_workbook(connection: duckdb.DuckDBPyConnection, path: Path) -> None:
    marts = connection.execute(read_query("reports/sheets")).fetchall()
    sheets = {name.partition(".")[2]: (f"SELECT * FROM {name}", about) for name, about in marts}
    sheets["not_passing"] = (read_query("reports/not_passing"), "One row a result that does not pass.")
    options = {
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "strings_to_numbers": False,
        "constant_memory": True,
    }
    with xlsxwriter.Workbook(str(path), options) as book:
        formats = {
            "head": book.add_format({"bold": True, "bottom": 1}),
            "time": book.add_format({"num_format": "yyyy-mm-dd hh:mm"}),
        }
        first = book.add_worksheet("contents")
        first.write_row(0, 0, ["sheet", "a row is", "rows", "of"], formats["head"])
        first.set_column(0, 0, 30)
        first.set_column(1, 1, 90)
        for number, (name, (query, about)) in enumerate(sheets.items(), 1):
            found = connection.execute(f"SELECT count(*) FROM (\n{query}\n)").fetchall()[0][0]
            written = _sheet(connection, book, name[:31], query, formats)
            first.write_row(number, 0, [name, about, written, found])
        first.freeze_panes(1, 0)


def _sheet(connection: duckdb.DuckDBPyConnection, book: Any, name: str, query: str, formats: dict[str, Any]) -> int:
    sheet = book.add_worksheet(name)
    cursor = connection.execute(f"SELECT * FROM (\n{query}\n) LIMIT {_MOST}")
    names = [column[0] for column in cursor.description or []]
    sheet.write_row(0, 0, names, formats["head"])
    sheet.set_column(0, len(names) - 1, 18)
    written = 0
    while rows := cursor.fetchmany(1_000):
        for row in rows:
            written += 1
            for place, value in enumerate(row):
                _write(sheet, written, place, value, formats)
    sheet.freeze_panes(1, 0)
    sheet.autofilter(0, 0, written, len(names) - 1)
    return written


def _write(sheet: Any, row: int, column: int, value: object, formats: dict[str, Any]) -> None:
    if isinstance(value, datetime):
        sheet.write_datetime(row, column, value, formats["time"])
    elif isinstance(value, bool):
        sheet.write_boolean(row, column, value)
    elif isinstance(value, int | float):
        sheet.write_number(row, column, value)
    elif value is not None:
        sheet.write_string(row, column, _text(value))


def _text(value: object) -> str:
    """Return a value as the text of a cell; where one can't hold it, it says how much is left out."""
    if not isinstance(value, list):
        text = str(cell(value))
        return text if len(text) <= _LONGEST else f"{text[:_LONGEST]} … and {len(text) - _LONGEST:,} more characters"
    items = [str(item) for item in value]
    texts = itertools.accumulate(len(item) + len(_BETWEEN) for item in items)
    shown = sum(length <= _LONGEST for length in texts)
    more = [f"… and {len(items) - shown:,} more"] if shown < len(items) else []
    return str(cell(_BETWEEN.join([*items[:shown], *more])))
