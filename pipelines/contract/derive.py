"""Arrow schemas, DDL and comments derived from tables of the contract, and SQL quoting."""

import hashlib
from collections.abc import Iterable, Mapping

import pyarrow as pa

from pipelines.contract.columns import Table


def arrow_schema(table: Table) -> pa.Schema:
    """Return the Arrow schema of `table`, with descriptions as metadata that Parquet files keep."""
    fields = [
        pa.field(c.name, c.type.arrow, nullable=not c.required, metadata={"description": c.comment})
        for c in table.columns
    ]
    return pa.schema(fields, metadata={"description": table.doc})


def create_table(table: Table) -> str:
    """Return the CREATE TABLE statement of `table`."""
    columns = ", ".join(f"{c.name} {c.type.sql}{' NOT NULL' if c.required else ''}" for c in table.columns)
    return f"CREATE TABLE {table.relation} ({columns})"


def comments(relation: str, doc: str, columns: Mapping[str, str], kind: str = "TABLE") -> Iterable[str]:
    """Yield the COMMENT ON statements of a relation and of its columns, given as name -> description."""
    yield f"COMMENT ON {kind} {relation} IS {quoted(doc)}"
    for name, text in columns.items():
        yield f"COMMENT ON COLUMN {relation}.{name} IS {quoted(text)}"


def quoted(text: str) -> str:
    """Return `text` as a SQL string literal."""
    return "'" + text.replace("'", "''") + "'"


def identifier(name: str) -> str:
    """Return `name`, with or without a schema, as a quoted SQL identifier."""
    return ".".join('"' + part.replace('"', '""') + '"' for part in name.split("."))


def contract_version(tables: Iterable[Table]) -> str:
    """Return a hash of the definitions of `tables`. Tables written under another hash are rebuilt."""
    return hashlib.sha256(repr(list(tables)).encode()).hexdigest()[:16]
