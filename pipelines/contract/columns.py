"""The types that describe a table: `Type`, `Column` and `Table`."""

from dataclasses import dataclass
from enum import Enum
from typing import cast

import pyarrow as pa


class Type(Enum):
    """The type of a column, as a pair of its DuckDB and its Arrow type."""

    STRING = ("VARCHAR", pa.string())
    INTEGER = ("BIGINT", pa.int64())
    DOUBLE = ("DOUBLE", pa.float64())
    BOOLEAN = ("BOOLEAN", pa.bool_())
    TIMESTAMP = ("TIMESTAMP", pa.timestamp("us"))  # UTC without zone, microseconds
    STRINGS = ("VARCHAR[]", pa.list_(pa.string()))
    JSON = ("JSON", pa.string())  # a JSON document as text
    MILLISECONDS = ("TIMESTAMP", pa.timestamp("us"), "sent as milliseconds since 1970")

    @property
    def sql(self) -> str:
        """Name of the DuckDB type."""
        return str(self.value[0])

    @property
    def arrow(self) -> pa.DataType:
        """Type in Arrow and Parquet."""
        return cast("pa.DataType", self.value[1])


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a table.

    Attributes:
        name: Name in Parquet and DuckDB.
        type: Type of the values.
        doc: Description, one or more sentences.
        path: Keys that lead to the value in the API record of a row. Empty for columns that the warehouse adds.
        required: The column is never null.
        expected: The API documents the field as always present. A null is loaded and reported by an audit.
        known_values: Documented values. The API may add others: a new value is loaded and reported by an audit.
        unit: Unit of the values, for example "GB".
        references: `schema.table.column` that contains every value, within the same snapshot.
        zh: Term in the Chinese API reference.
        is_open: The API does not document the keys below this one, so that new ones are no difference from it.
    """

    name: str
    type: Type
    doc: str
    path: tuple[str, ...] = ()
    required: bool = False
    expected: bool = False
    known_values: tuple[str, ...] = ()
    unit: str = ""
    references: str = ""
    zh: str = ""
    is_open: bool = False

    @property
    def comment(self) -> str:
        """Description with unit and documented values, as used in Parquet, COMMENT ON and the data catalog."""
        unit = f" Unit: {self.unit}." if self.unit else ""
        known_values = f" Known values: {', '.join(self.known_values)}." if self.known_values else ""
        zh = f" ({self.zh})" if self.zh else ""
        return f"{self.doc}{zh}{unit}{known_values}"


@dataclass(frozen=True, slots=True)
class Table:
    """One table: schema, name, description of a row, primary key and columns."""

    schema: str
    name: str
    doc: str
    key: tuple[str, ...]
    columns: tuple[Column, ...]

    @property
    def relation(self) -> str:
        """Qualified name, as SQL uses it."""
        return f"{self.schema}.{self.name}"
