"""The catalog of a draft: the comments on its relations and columns, as rows.

Belongs here: reading them back. Does not belong here: the words (contract/ and sql/ have them). A finished
draft enters; meta.catalog leaves, itself included.
"""

import duckdb

from pipelines.contract.meta import CATALOG
from pipelines.models.files import read_query
from pipelines.storage.connection import count_rows


def fill_catalog(connection: duckdb.DuckDBPyConnection) -> int:
    """Fill meta.catalog, which is there, from the comments that stand in the draft; return its rows."""
    connection.execute(f"INSERT INTO {CATALOG.relation} {read_query('warehouse/catalog')}")
    return count_rows(connection, CATALOG.relation)
