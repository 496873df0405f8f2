"""The workbook of the report: one sheet per mart, and one with the results that do not pass.

No cell is a formula. The first sheet lists all sheets, with the number of rows written and available.
"""

import itertools
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb
import xlsxwriter
from xlsxwriter.exceptions import FileCreateError

from pipelines.models.files import read_query
from pipelines.reports.cells import escape_cell
from pipelines.storage.connection import count_rows

_MAX_ROWS = 8_000  # per sheet
_MAX_CELL = 32_000  # characters; a spreadsheet takes slightly more
_MAX_SHEET_NAME = 31  # characters
_SEPARATOR = "; "


def write_workbook(connection: duckdb.DuckDBPyConnection, path: Path) -> None:
    """Write the workbook of a published file to `path`. Raise OSError if it can't be written."""
    try:
        _write_workbook(connection, path)
    except FileCreateError as error:
        cause = error.args[0] if error.args else None
        raise cause if isinstance(cause, OSError) else OSError(str(error)) from None


def _write_workbook(connection: duckdb.DuckDBPyConnection, path: Path) -> None:
    marts = connection.execute(read_query("reports/sheets")).fetchall()
    sheets = {name.partition(".")[2]: (f"SELECT * FROM {name}", description) for name, description in marts}
    sheets["not_passing"] = (read_query("reports/not_passing"), "One row per result that fails or is unknown.")
    options = {
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "strings_to_numbers": False,
        "constant_memory": True,
    }
    with xlsxwriter.Workbook(str(path), options) as workbook:
        formats = {
            "head": workbook.add_format({"bold": True, "bottom": 1}),
            "time": workbook.add_format({"num_format": "yyyy-mm-dd hh:mm"}),
        }
        contents = workbook.add_worksheet("contents")
        contents.write_row(0, 0, ["sheet", "description", "rows", "of"], formats["head"])
        contents.set_column(0, 0, 30)
        contents.set_column(1, 1, 90)
        for number, (name, (query, description)) in enumerate(sheets.items(), 1):
            total = count_rows(connection, f"(\n{query}\n)")
            written = _write_sheet(connection, workbook, name[:_MAX_SHEET_NAME], query, formats)
            contents.write_row(number, 0, [name, description, written, total])
        contents.freeze_panes(1, 0)


def _write_sheet(
    connection: duckdb.DuckDBPyConnection, workbook: Any, name: str, query: str, formats: dict[str, Any]
) -> int:
    """Write the first rows of `query` to a new sheet, and return their number."""
    sheet = workbook.add_worksheet(name)
    cursor = connection.execute(f"SELECT * FROM (\n{query}\n) LIMIT {_MAX_ROWS}")
    names = [column[0] for column in cursor.description or []]
    sheet.write_row(0, 0, names, formats["head"])
    sheet.set_column(0, len(names) - 1, 18)
    written = 0
    while rows := cursor.fetchmany(1_000):
        for row in rows:
            written += 1
            for position, value in enumerate(row):
                _write_cell(sheet, written, position, value, formats)
    sheet.freeze_panes(1, 0)
    sheet.autofilter(0, 0, written, len(names) - 1)
    return written


def _write_cell(sheet: Any, row: int, column: int, value: object, formats: dict[str, Any]) -> None:
    if isinstance(value, datetime):
        sheet.write_datetime(row, column, value, formats["time"])
    elif isinstance(value, bool):
        sheet.write_boolean(row, column, value)
    elif isinstance(value, int | float):
        sheet.write_number(row, column, value)
    elif value is not None:
        sheet.write_string(row, column, _cell_text(value))


def _cell_text(value: object) -> str:
    """Return `value` as text that fits in a cell. A shortened text ends with what is left out."""
    if not isinstance(value, list):
        text = str(escape_cell(value))
        return text if len(text) <= _MAX_CELL else f"{text[:_MAX_CELL]} … and {len(text) - _MAX_CELL:,} more characters"
    items = [str(item) for item in value]
    lengths = itertools.accumulate(len(item) + len(_SEPARATOR) for item in items)
    fitting = sum(length <= _MAX_CELL for length in lengths)
    more = [f"… and {len(items) - fitting:,} more"] if fitting < len(items) else []
    return str(escape_cell(_SEPARATOR.join([*items[:fitting], *more])))
