"""The catalog of a draft: the comments on its relations and columns, as rows.

Belongs here: reading them back. Does not belong here: the words (contract/ and sql/ have them). A finished
draft enters; meta.catalog leaves, itself included.
"""

import duckdb

from pipelines.contract.meta import CATALOG
from pipelines.storage.connection import count_rows

_COMMENTS = """
SELECT schema_name || '.' || table_name, 0, NULL, 'TABLE', comment
FROM duckdb_tables() WHERE NOT internal
UNION ALL
SELECT schema_name || '.' || view_name, 0, NULL, 'VIEW', comment
FROM duckdb_views() WHERE NOT internal
UNION ALL
SELECT schema_name || '.' || table_name, column_index, column_name, data_type, comment
FROM duckdb_columns() WHERE NOT internal
ORDER BY 1, 2
"""


def fill_catalog(connection: duckdb.DuckDBPyConnection) -> int:
    """Fill meta.catalog, which is there, from the comments that stand in the draft; return its rows."""
    connection.execute(f"INSERT INTO {CATALOG.relation} {_COMMENTS}")
    return count_rows(connection, CATALOG.relation)
