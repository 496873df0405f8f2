"""Checking the content of an input file against its table: every value that does not fit, with its line.

Files are found and read in input_files.py.
"""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import repeat
from math import isnan
from typing import Any, NamedTuple

import pyarrow as pa

from pipelines.contract.columns import Column, Type
from pipelines.contract.derive import arrow_schema
from pipelines.contract.input_files import FileInput
from pipelines.contract.keys import SCOPE
from pipelines.normalize.coerce import Fit, fitter
from pipelines.policy.validation import suggestion

_EXPECTED = {
    Type.STRING: "text",
    Type.INTEGER: "a whole number of 0 or more",
    Type.TIMESTAMP: "a time such as 2026-03-01T12:00:00Z",
}
_MAX_QUOTED = 60  # characters of a value that a fault shows


class Fault(NamedTuple):
    """What is wrong at one line of a CSV file, at one row of a Parquet file, or, at 0, with the whole file."""

    line: int
    message: str


@dataclass(frozen=True, slots=True)
class FileContent:
    """The cells of a file as they were read. A cell that is empty is None or blank."""

    names: Sequence[str]  # of the columns
    columns: Sequence[Sequence[object]]
    lines: Sequence[int]  # where each row stands


@dataclass(frozen=True, slots=True)
class KnownScopes:
    """The scopes that a row may name. `is_closed` is false where rows of other scopes are ignored."""

    names: Collection[str]
    is_closed: bool = True

    @property
    def default(self) -> str | None:
        """The scope of a row that names none, which is clear only if there is one."""
        return next(iter(self.names)) if len(self.names) == 1 else None


def check_content(source: FileInput, content: FileContent, scopes: KnownScopes) -> tuple[pa.Table | None, list[Fault]]:
    """Return the rows of the table of `source`, or None and everything that does not fit."""
    faults = list(_check_names(source, content.names, scopes))
    if faults:
        return None, faults
    cells = dict(zip(content.names, content.columns, strict=True))
    values: dict[str, list[Any]] = {"line": list(content.lines)}
    for column in source.columns:
        fallback = scopes.default if column.name == SCOPE.name else None
        pairs = zip(content.lines, cells.get(column.name) or repeat(None), strict=False)
        values[column.name] = [_fit(column, line, cell, fallback, faults) for line, cell in pairs]
    if scopes.is_closed:
        faults += _check_scopes(content.lines, values[SCOPE.name], scopes)
    faults += _check_any_of(source, values)
    faults += _check_key(source, values)
    if faults:
        return None, faults
    return pa.Table.from_pydict(values, schema=arrow_schema(source.table)), []


def _check_names(source: FileInput, names: Sequence[str], scopes: KnownScopes) -> Iterator[Fault]:
    known = [column.name for column in source.columns]
    for position, name in enumerate(names):
        if name not in known:
            yield Fault(0, f"{_quote(name)} is not a known column{suggestion(name, known)}")
        elif name in names[:position]:
            yield Fault(0, f"the column {name} appears twice")
    for column in source.columns:
        if column.required and column.name not in names and not (column is SCOPE and scopes.default):
            expected = f" and must name one of {', '.join(sorted(scopes.names))}" if column is SCOPE else ""
            yield Fault(0, f"the column {column.name} is missing{expected}")
    if source.any_of and not set(source.any_of) & set(names):
        yield Fault(0, f"the column {' or '.join(source.any_of)} is missing")


def _fit(column: Column, line: int, cell: object, fallback: str | None, faults: list[Fault]) -> Any:
    """Return a cell as a value of its column; add a fault if it is none."""
    value = _plain(cell)
    if value is None:
        if column.required and fallback is None:
            faults.append(Fault(line, f"{column.name} is missing"))
        return fallback
    fitted, fit = fitter(column.type)(value)
    if fit is Fit.REFUSED or (column.type is Type.INTEGER and fitted < 0):
        faults.append(Fault(line, f"{column.name}: {_quote(value)} is not {_EXPECTED[column.type]}"))
        return None
    if column.known_values and fitted not in column.known_values:
        expected = ", ".join(column.known_values)
        faults.append(Fault(line, f"{column.name}: {_quote(value)} is not one of {expected}"))
    return fitted


def _plain(cell: object) -> object:
    """Return a cell as JSON would have it: no blanks around text, and times as text."""
    if isinstance(cell, str):
        return cell.strip() or None
    if isinstance(cell, date):
        return cell.isoformat()
    if isinstance(cell, float):  # how many tools write a whole number in a column that has gaps, and NaN a gap
        return None if isnan(cell) else int(cell) if cell.is_integer() else cell
    return cell


def _check_scopes(lines: Sequence[int], values: Sequence[str | None], scopes: KnownScopes) -> Iterator[Fault]:
    for line, scope in zip(lines, values, strict=True):
        if scope is not None and scope not in scopes.names:
            expected = ", ".join(sorted(scopes.names))
            yield Fault(line, f"scope: {_quote(scope)} is not one of {expected}")


def _check_any_of(source: FileInput, values: dict[str, list[Any]]) -> Iterator[Fault]:
    if source.any_of:
        for line, *ids in zip(values["line"], *(values[name] for name in source.any_of), strict=True):
            if not any(ids):
                yield Fault(line, f"{' or '.join(source.any_of)} is missing")


def _check_key(source: FileInput, values: dict[str, list[Any]]) -> Iterator[Fault]:
    first_lines: dict[tuple[Any, ...], int] = {}
    for line, *key in zip(values["line"], *(values[name] for name in source.table.key), strict=True):
        first_line = first_lines.setdefault(tuple(key), line)
        if first_line != line and None not in key:
            yield Fault(line, f"{source.table.key[-1]}: {_quote(key[-1])} is in line {first_line} already")


def _quote(value: object) -> str:
    """Return a value as a fault shows it."""
    text = str(value)
    return repr(text if len(text) <= _MAX_QUOTED else f"{text[:_MAX_QUOTED]}...")
