"""One number for how things stand, now and at each snapshot that was judged.

A connection to a published file enters; rows leave, scores in percent, of all controls. Does not belong here: those of
resources alone, by day, project and tier (compliance.protection_trend_daily has them).
"""

from typing import Any

import duckdb

from pipelines.storage.connection import fetch_dicts

# Weighed by severity, of what applies. What is unknown passes in neither; what is accepted counts as a pass in one.
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


def scores(connection: duckdb.DuckDBPyConnection) -> list[dict[str, Any]]:
    """Return the scores of each scope now."""
    return fetch_dicts(connection, _SCORES)


def trend(connection: duckdb.DuckDBPyConnection) -> list[dict[str, Any]]:
    """Return the scores of each scope at each snapshot, the oldest first."""
    return fetch_dicts(connection, _TREND)
