"""Writing a Parquet file of one table, reading several in DuckDB, and naming a damaged one."""

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from pipelines.contract.columns import Column, Table, Type
from pipelines.contract.derive import arrow_schema, quoted
from pipelines.contract.keys import SCOPE, SNAPSHOT
from pipelines.errors import DamagedFileError
from pipelines.storage.connection import DAMAGE
from pipelines.storage.files import create_private, make_private_folder
from pipelines.storage.home import Home


@contextmanager
def open_parquet(path: Path, table: Table, metadata: dict[str, str]) -> Iterator[pq.ParquetWriter]:
    """Open a new file for rows of `table`. It is synced to disk when the block is left.

    The file holds the descriptions of the columns, and `metadata`.
    """
    make_private_folder(path.parent)
    schema = arrow_schema(table)
    described = schema.with_metadata({**(schema.metadata or {}), **metadata})
    with os.fdopen(create_private(path), "wb") as sink:
        dictionary: Any = _dictionary_columns(table)  # typed as a flag there, documented as a flag or names
        with pq.ParquetWriter(sink, described, compression="zstd", use_dictionary=dictionary) as writer:
            yield writer
        sink.flush()
        os.fsync(sink.fileno())  # before any manifest names it


def _dictionary_columns(table: Table) -> list[str]:
    """Return the columns that a dictionary makes smaller: not the ids of a key, which hardly repeat."""
    repeated = {SCOPE.name, SNAPSHOT.name}
    return [column.name for column in table.columns if column.name in repeated or column.name not in table.key]


def select_rows(table: Table, paths: Iterable[Path]) -> str:
    """Return SQL, in parentheses, for the rows of some files, with the columns of `table` in order.

    A column that a file of an older contract lacks is null. Without files there are no rows.
    """
    nulls = ", ".join(f"CAST(NULL AS {stored_type(column)}) AS {column.name}" for column in table.columns)
    files = ", ".join(quoted(str(path)) for path in paths)
    if not files:
        return f"(SELECT {nulls} WHERE false)"
    # Folder names are no partition columns: the files hold every column.
    read = f"SELECT * FROM read_parquet([{files}], hive_partitioning = false, union_by_name = true)"
    names = ", ".join(column.name for column in table.columns)
    return f"(SELECT {names} FROM (SELECT {nulls} WHERE false UNION ALL BY NAME {read}))"


@contextmanager
def explain_damage(home: Home) -> Iterator[None]:
    """Turn DuckDB's error about a damaged Parquet file of `home` into a DamagedFileError that names the file."""
    try:
        yield
    except (*DAMAGE, duckdb.InvalidInputException, duckdb.ConversionException, UnicodeDecodeError):
        for path in (*home.tables.glob("*/*/*/part-*.parquet"), *home.histories.glob("*/*/part-*.parquet")):
            if (reason := _find_damage(path)) is not None:
                raise damaged_error(home, path, reason) from None
        raise


def damaged_error(home: Home, path: Path, reason: str) -> DamagedFileError:
    """Return the error for a Parquet file that is not what was written."""
    if path.is_relative_to(home.tables):
        hint = "Remove it and run 'cbr-warehouse build', which writes it again from the landing."
    else:
        hint = f"Restore {home.histories} from a copy. Without one, 'cbr-warehouse replay' folds again what is landed, "
        hint += f"once {home.histories} is moved away; results of earlier snapshots are then lost."
    return DamagedFileError(f"{path} is damaged: {reason}", hint)


def _find_damage(path: Path) -> str | None:
    """Return why a file can't be read to its end, or None if it can."""
    try:
        with pq.ParquetFile(path) as file:
            for _ in file.iter_batches():
                pass
    except (OSError, pa.ArrowException) as error:
        return str(error).splitlines()[0]
    return None


def stored_type(column: Column) -> str:
    """Return the type in SQL that a column has in Parquet: JSON is text there."""
    return "VARCHAR" if column.type is Type.JSON else column.type.sql
