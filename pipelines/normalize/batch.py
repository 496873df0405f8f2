"""Some normalized rows, as Arrow tables."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import pyarrow as pa

from pipelines.contract.columns import Table
from pipelines.contract.derive import arrow_schema
from pipelines.contract.tables import NORMALIZED


@dataclass(frozen=True, slots=True)
class Batch:
    """Tables by name (the four, `rejects`), and how many records were landed for each."""

    tables: dict[str, pa.Table]
    records: Counter[str]


def with_constants(table: Table, columns: pa.Table, constants: Mapping[str, object]) -> pa.Table:
    """Return `columns` as rows of `table`. Those that are missing have one value in all rows, or null."""
    names = set(columns.column_names)
    return pa.table(
        [
            columns.column(column.name)
            if column.name in names
            else _repeated(constants.get(column.name), column.type.arrow, columns.num_rows)
            for column in table.columns
        ],
        schema=_schema(table.name),
    )


@cache
def _schema(name: str) -> pa.Schema:
    return next(arrow_schema(table) for table in NORMALIZED if table.name == name)


def _repeated(value: object, kind: pa.DataType, times: int) -> Any:
    one: Any = pa.scalar(value, kind)
    return pa.repeat(one, times)
