"""The catalog of a draft: the comments on its relations and columns, as rows of meta.catalog."""

import duckdb

from pipelines.contract.meta import CATALOG
from pipelines.models.files import read_query
from pipelines.storage.connection import count_rows


def fill_catalog(connection: duckdb.DuckDBPyConnection) -> int:
    """Fill the existing table meta.catalog from the comments of the draft; return its rows."""
    connection.execute(f"INSERT INTO {CATALOG.relation} {read_query('warehouse/catalog')}")
    return count_rows(connection, CATALOG.relation)
