"""Compliance scores of each scope, in percent over all controls, now and over time.

Scores per day, project and tier are in compliance.protection_trend_daily.
"""

from dataclasses import dataclass
from datetime import datetime

import duckdb

from pipelines.storage.connection import fetch_rows

# Weighted by severity, over applicable results. Unknown counts as a failure in both scores, waived in the strict one.
_SCORED = """
    100.0 * sum(w.weight * c.subjects) filter (where c.status = 'pass')
    / nullif(sum(w.weight * c.subjects) filter (where c.status <> 'not_applicable'), 0) as strict_score,
    100.0 * sum(w.weight * c.subjects) filter (where c.status in ('pass', 'waived'))
    / nullif(sum(w.weight * c.subjects) filter (where c.status <> 'not_applicable'), 0) as score,
    sum(c.subjects) filter (where c.status = 'fail') as fails,
    sum(c.subjects) filter (where c.status = 'unknown') as unknowns,
    sum(c.subjects) filter (where c.status = 'fail' and c.severity = 'critical') as critical
"""
_WEIGHTS = "(select distinct severity, weight from policy.severities)"
_SCORES = f"""
select c.scope, {_SCORED}
from intermediate.int_result_counts as c inner join {_WEIGHTS} as w using (severity)
group by c.scope order by c.scope
"""
_TREND = f"""
with counts as (
    select scope, as_of, severity, status, subjects from history.result_counts
    union all
    select scope, as_of, severity, status, subjects from intermediate.int_result_counts
)
select c.scope, c.as_of, {_SCORED}
from counts as c inner join {_WEIGHTS} as w using (severity)
group by c.scope, c.as_of order by c.scope, c.as_of
"""


@dataclass(frozen=True, slots=True)
class Score:
    """The current score of a scope. Scores are null if no control applies."""

    scope: str
    strict_score: float | None
    score: float | None
    fails: int | None
    unknowns: int | None
    critical: int | None  # failed results of critical controls


@dataclass(frozen=True, slots=True)
class ScoreAt:
    """The score of a scope at the time of a snapshot, naive UTC."""

    scope: str
    as_of: datetime
    strict_score: float | None
    score: float | None
    fails: int | None
    unknowns: int | None
    critical: int | None


def read_scores(connection: duckdb.DuckDBPyConnection) -> list[Score]:
    """Return the current score of each scope."""
    return fetch_rows(connection, _SCORES, Score)


def read_trend(connection: duckdb.DuckDBPyConnection) -> list[ScoreAt]:
    """Return the score of each scope at each snapshot, the oldest first."""
    return fetch_rows(connection, _TREND, ScoreAt)
