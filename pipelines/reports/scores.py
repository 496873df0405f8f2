"""Compliance scores of each scope, in percent over all controls, now and over time.

Scores per day, project and tier are in compliance.protection_trend_daily.
"""

from dataclasses import dataclass
from datetime import datetime

import duckdb

from pipelines.models.files import read_query
from pipelines.storage.connection import fetch_rows


@dataclass(frozen=True, slots=True)
class Score:
    """The scores of a scope at one snapshot. They are null if no control applies."""

    scope: str
    as_of: datetime
    is_current: bool
    strict_score: float | None  # unknown and waived results count as failures
    score: float | None  # unknown results count as failures, waived ones as passes
    fails: int | None
    unknowns: int | None
    critical: int | None  # failed results of critical controls


def read_scores(connection: duckdb.DuckDBPyConnection) -> list[Score]:
    """Return the current scores of each scope."""
    return [score for score in read_trend(connection) if score.is_current]


def read_trend(connection: duckdb.DuckDBPyConnection) -> list[Score]:
    """Return the scores of each scope at each snapshot, the oldest first."""
    return fetch_rows(connection, read_query("reports/scores"), Score)
