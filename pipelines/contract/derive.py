"""What follows from the contract alone: Arrow schemas, DDL, comments.

Enters: a `Table`. Leaves: `pa.Schema`, or the SQL text that makes and describes the relation.
"""

import hashlib
from collections.abc import Iterable, Mapping

import pyarrow as pa

from pipelines.contract.columns import Table


def arrow_schema(table: Table) -> pa.Schema:
    """Return the Arrow schema of `table`; each field carries its description, so Parquet carries it too."""
    fields = [
        pa.field(c.name, c.type.arrow, nullable=not c.required, metadata={"description": c.comment})
        for c in table.columns
    ]
    return pa.schema(fields, metadata={"description": table.doc})


def create_table(table: Table) -> str:
    """Return the CREATE TABLE of `table`."""
    columns = ", ".join(f"{c.name} {c.type.sql}{' NOT NULL' if c.required else ''}" for c in table.columns)
    return f"CREATE TABLE {table.relation} ({columns})"


def comments(relation: str, doc: str, columns: Mapping[str, str], kind: str = "TABLE") -> Iterable[str]:
    """Yield the COMMENT ON statements of a relation and its columns."""
    yield f"COMMENT ON {kind} {relation} IS {quoted(doc)}"
    for name, text in columns.items():
        yield f"COMMENT ON COLUMN {relation}.{name} IS {quoted(text)}"


def quoted(text: str) -> str:
    """Return `text` as a SQL string literal."""
    return "'" + text.replace("'", "''") + "'"


def identifier(name: str) -> str:
    """Return `name`, with or without its schema, as SQL writes it in quotes."""
    return ".".join('"' + part.replace('"', '""') + '"' for part in name.split("."))


def contract_version(tables: Iterable[Table]) -> str:
    """Return a hash that changes when any column of `tables` does: data made by another one is made again."""
    return hashlib.sha256(repr(list(tables)).encode()).hexdigest()[:16]
