"""The cells of a CSV or Parquet file, each row with its place in the file, or why they can't be read."""

import csv
from io import StringIO

import pyarrow as pa
import pyarrow.parquet as pq

from pipelines.warehouse.input_values import Fault, FileContent


def read_csv(data: bytes) -> tuple[FileContent | None, list[Fault]]:
    """Return the cells of the rows that have as many as the first line, and the lines that are no such rows."""
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        return None, [Fault(data.count(b"\n", 0, error.start) + 1, "it is not UTF-8")]
    rows, faults = _split_rows(text)
    if not rows:
        return None, faults or [Fault(0, "the names of the columns are missing")]
    _, header = rows.pop(0)
    uneven = [(line, row) for line, row in rows if len(row) != len(header)]
    faults += [Fault(line, f"it has {len(row)} cells, and the first line has {len(header)}") for line, row in uneven]
    even = [(line, row) for line, row in rows if len(row) == len(header)]
    columns = list(zip(*(row for _, row in even), strict=True)) or [()] * len(header)
    return FileContent([name.strip() for name in header], columns, [line for line, _ in even]), faults


def _split_rows(text: str) -> tuple[list[tuple[int, list[str]]], list[Fault]]:
    """Return each row with the line that it begins at. Blank lines are none."""
    reader = csv.reader(StringIO(text, newline=""), strict=True)
    rows: list[tuple[int, list[str]]] = []
    line = 1
    try:
        for row in reader:
            if row:
                rows.append((line, row))
            line = reader.line_num + 1
    except csv.Error as error:
        return rows, [Fault(line, f"it is not CSV: {error}")]
    return rows, []


def read_parquet(data: bytes) -> tuple[FileContent | None, list[Fault]]:
    """Return the cells of a Parquet file, or why it can't be read."""
    try:
        table = pq.ParquetFile(pa.BufferReader(data)).read()
    except (pa.ArrowException, OSError) as error:
        return None, [Fault(0, f"it can't be read as Parquet: {next(iter(str(error).splitlines()), repr(error))}")]
    columns: list[list[object]] = []
    for name, column in zip(table.column_names, table.columns, strict=True):
        try:
            columns.append(column.to_pylist())
        except (ValueError, OverflowError) as error:  # a time that Python does not have, for example
            return None, [Fault(0, f"{name} can't be read: {error}")]
    return FileContent(table.column_names, columns, range(1, table.num_rows + 1)), []
