"""Parquet files of rows of one table.

Belongs here: how a file is written, and read by DuckDB, and what to say of one that is damaged. Does not belong here:
which files count (tables.py).
"""

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
from pipelines.errors import StorageError, WarehouseError
from pipelines.storage.connection import DAMAGE
from pipelines.storage.files import create_private, make_private_folder
from pipelines.storage.home import Home


@contextmanager
def open_parquet(path: Path, table: Table, about: dict[str, str]) -> Iterator[pq.ParquetWriter]:
    """Open a new file for rows of `table`; it is whole when the block is left.

    The columns' descriptions and `about` stand in the file.
    """
    make_private_folder(path.parent)
    schema = arrow_schema(table)
    described = schema.with_metadata({**(schema.metadata or {}), **about})
    with os.fdopen(create_private(path), "wb") as sink:
        repeated: Any = _repeated(table)  # typed as a flag there, documented as a flag or names
        with pq.ParquetWriter(sink, described, compression="zstd", use_dictionary=repeated) as writer:
            yield writer
        sink.flush()
        os.fsync(sink.fileno())  # before any manifest names it


def _repeated(table: Table) -> list[str]:
    """Return the columns that a dictionary makes smaller: not the ids that make up a key, which hardly repeat."""
    place = {SCOPE.name, SNAPSHOT.name}
    return [column.name for column in table.columns if column.name in place or column.name not in table.key]


def select_rows(table: Table, paths: Iterable[Path]) -> str:
    """Return what to select the rows of some files from: the columns of `table`, in its order.

    Files of an older contract may lack some, which are null then; of none there are no rows.
    """
    nulls = ", ".join(f"CAST(NULL AS {stored_type(column)}) AS {column.name}" for column in table.columns)
    files = ", ".join(quoted(str(path)) for path in paths)
    if not files:
        return f"(SELECT {nulls} WHERE false)"
    # What a folder is called says nothing here: the columns are in the files.
    read = f"SELECT * FROM read_parquet([{files}], hive_partitioning = false, union_by_name = true)"
    names = ", ".join(column.name for column in table.columns)
    return f"(SELECT {names} FROM (SELECT {nulls} WHERE false UNION ALL BY NAME {read}))"


@contextmanager
def explain_damage(home: Home) -> Iterator[None]:
    """Turn what DuckDB says of a damaged Parquet file of `home` into a WarehouseError that names the file."""
    try:
        yield
    except (*DAMAGE, duckdb.InvalidInputException, duckdb.ConversionException, UnicodeDecodeError):
        for path in (*home.tables.glob("*/*/*/part-*.parquet"), *home.histories.glob("*/*/part-*.parquet")):
            if (how := _damage(path)) is not None:
                raise damaged_error(home, path, how) from None
        raise


def damaged_error(home: Home, path: Path, how: str) -> WarehouseError:
    """Return the error for a Parquet file that is not what was written."""
    if path.is_relative_to(home.tables):
        cure = "Remove it and run 'cbr-warehouse build', which makes it again from what is landed."
    else:
        cure = f"Restore {home.histories} from a copy. Without one, 'cbr-warehouse replay' folds again what is landed, "
        cure += f"once {home.histories} is moved away; results of earlier snapshots are then lost."
    return StorageError(f"{path} is damaged: {how}", cure)


def _damage(path: Path) -> str | None:
    """Return why a file can't be read to its end, None where it can."""
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
