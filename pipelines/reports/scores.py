"""One number for how things stand, now and at each snapshot that was judged.

A connection to a published file enters; rows leave, scores in percent, of all controls. Does not belong here: those of
resources alone, by day, project and tier (compliance.protection_trend_daily has them).
"""

from typing import Any

import duckdb

from pipelines.models.files import read_query
from pipelines.storage.connection import fetch_dicts


def scores(connection: duckdb.DuckDBPyConnection) -> list[dict[str, Any]]:
    """Return the scores of each scope now."""
    return [row for row in trend(connection) if row["is_current"]]


def trend(connection: duckdb.DuckDBPyConnection) -> list[dict[str, Any]]:
    """Return the scores of each scope at each snapshot, the oldest first."""
    return fetch_dicts(connection, read_query("reports/scores"))
