"""A Parquet file of rows of one table.

Belongs here: how a file is written. Does not belong here: which files count (tables.py).
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pyarrow.parquet as pq

from pipelines.contract.columns import Table
from pipelines.contract.derive import arrow_schema
from pipelines.home import open_private, private_folder


@contextmanager
def parquet_file(path: Path, table: Table, about: dict[str, str]) -> Iterator[pq.ParquetWriter]:
    """Open a new file for rows of `table`; it is whole when the block is left.

    The columns' descriptions and `about` stand in the file.
    """
    private_folder(path.parent)
    schema = arrow_schema(table)
    described = schema.with_metadata({**(schema.metadata or {}), **about})
    with os.fdopen(open_private(path), "wb") as sink, pq.ParquetWriter(sink, described, compression="zstd") as writer:
        yield writer
