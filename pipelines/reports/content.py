"""The published file -> what the report says: numbers, and the rows behind each of them.

Belongs here: what stands above the tables. Does not belong here: the tables (listings.py), how all of it looks (page/,
charts.py, workbook.py), or a verdict (sql/ has them). A connection enters, read-only; `Content` leaves.
"""

from dataclasses import dataclass
from typing import Any

import duckdb

from pipelines.models.files import read_query
from pipelines.reports.listings import Listing, read_listings
from pipelines.reports.scores import scores, trend
from pipelines.storage.connection import count_rows, fetch_dicts

Row = dict[str, Any]
_GRID_MOST = 200  # resources


@dataclass(frozen=True, slots=True)
class Content:
    """All that the page says."""

    scopes: list[Row]
    scores: list[Row]
    trend: list[Row]
    coverage: list[Row]
    grid: list[Row]
    grid_left_out: int  # resources
    days: list[str]
    critical: list[Row]
    doubtful: bool  # something is stale, rejected or empty: nothing of it looks good
    listings: dict[str, Listing]


def read_content(connection: duckdb.DuckDBPyConnection) -> Content:
    """Return what the report says of a published file."""
    scopes = fetch_dicts(connection, read_query("reports/scopes"))
    connection.execute(f"CREATE OR REPLACE TEMP TABLE grid AS {read_query('reports/grid')}")
    grid = fetch_dicts(connection, f"SELECT * FROM grid LIMIT {_GRID_MOST}")
    return Content(
        scopes=scopes,
        scores=scores(connection),
        trend=trend(connection),
        coverage=fetch_dicts(connection, read_query("reports/coverage")),
        grid=grid,
        grid_left_out=count_rows(connection, "grid") - len(grid),
        days=sorted({day for row in grid for day in row["days"]}),
        critical=fetch_dicts(connection, read_query("reports/critical")),
        doubtful=any(scope["is_stale"] or scope["rejects"] or not scope["resources"] for scope in scopes),
        listings=read_listings(connection),
    )
