"""The vocabulary in which tables are described: `Type`, `Column`, `Table`."""

from dataclasses import dataclass
from enum import Enum
from typing import cast

import pyarrow as pa


class Type(Enum):
    """A column's type, as the pair (DuckDB, Arrow) that it is kept in."""

    STRING = ("VARCHAR", pa.string())
    INTEGER = ("BIGINT", pa.int64())
    DOUBLE = ("DOUBLE", pa.float64())
    BOOLEAN = ("BOOLEAN", pa.bool_())
    TIMESTAMP = ("TIMESTAMP", pa.timestamp("us"))  # UTC without zone, microseconds
    STRINGS = ("VARCHAR[]", pa.list_(pa.string()))
    JSON = ("JSON", pa.string())

    @property
    def sql(self) -> str:
        """The DuckDB type."""
        return str(self.value[0])

    @property
    def arrow(self) -> pa.DataType:
        """The Arrow and Parquet type."""
        return cast("pa.DataType", self.value[1])


@dataclass(frozen=True, slots=True)
class Column:
    """One column of one table.

    `path` is where the record has the value, below the object that the row stands for; empty for a column
    that the warehouse adds. `required` columns are never null, by construction. `expected` ones the API is
    documented to send: a null is loaded and reported. `known` are the documented values of an open enum.
    `references` is the `schema.table.column` that it is one of, in the same snapshot. `zh` is the API's own term.
    """

    name: str
    type: Type
    doc: str
    path: tuple[str, ...] = ()
    required: bool = False
    expected: bool = False
    known: tuple[str, ...] = ()
    unit: str = ""
    references: str = ""
    zh: str = ""

    @property
    def comment(self) -> str:
        """The description that travels with the data: COMMENT ON, Parquet field, column schema."""
        unit = f" Unit: {self.unit}." if self.unit else ""
        known = f" Known values: {', '.join(self.known)}." if self.known else ""
        zh = f" ({self.zh})" if self.zh else ""
        return f"{self.doc}{zh}{unit}{known}"


@dataclass(frozen=True, slots=True)
class Table:
    """One table: its name in its schema, what a row is, its key and columns."""

    schema: str
    name: str
    doc: str
    key: tuple[str, ...]
    columns: tuple[Column, ...]

    @property
    def relation(self) -> str:
        """The name that SQL uses."""
        return f"{self.schema}.{self.name}"
