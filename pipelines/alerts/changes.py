"""Changes of control results since the last notification, read from the published file."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import duckdb
import pyarrow as pa

from pipelines.contract.keys import SEVERITIES
from pipelines.storage.connection import fetch_dicts

# Outcomes of a change, worst first. A failure passes again; an unknown result merely passes now.
OUTCOMES = ("now fails", "is unknown", "is judged no more", "is waived", "passes again", "passes now")
GOOD_OUTCOMES = OUTCOMES[3:]

_NOT_PASSING = """
SELECT scope, control_id, subject_id, effective_status AS status,
    coalesce(nullif(trim(resource_name), ''), nullif(trim(subject_name), ''), subject_id) AS name
FROM intermediate.int_open_findings
"""
# A scope that was never told of has no results that were told: all that does not pass is new. A point that fails and is
# there no more ran out; of anything else it is news.
_CHANGES = f"""
WITH present AS ({_NOT_PASSING}),
answered AS (
    SELECT f.scope, f.control_id, f.subject_id, f.status
    FROM controls.findings AS f SEMI JOIN told USING (scope, control_id, subject_id)
),
changes AS (
    SELECT
        coalesce(p.scope, t.scope) AS scope, coalesce(p.control_id, t.control_id) AS control_id,
        coalesce(p.subject_id, t.subject_id) AS subject_id, coalesce(p.name, t.name) AS name,
        CASE
            WHEN p.status = 'fail' THEN 'now fails'
            WHEN p.status = 'unknown' THEN 'is unknown'
            WHEN p.status = 'waived' THEN 'is waived'
            WHEN a.status = 'pass' AND t.status = 'unknown' THEN 'passes now'
            WHEN a.status = 'pass' THEN 'passes again'
            ELSE 'is judged no more'
        END AS words
    FROM present AS p
    FULL JOIN told AS t USING (scope, control_id, subject_id)
    LEFT JOIN answered AS a ON t.scope = a.scope AND t.control_id = a.control_id AND t.subject_id = a.subject_id
    INNER JOIN compliance.controls AS c ON c.control_id = coalesce(p.control_id, t.control_id)
    WHERE p.status IS DISTINCT FROM t.status
        AND (p.status IS NOT NULL OR a.status IS NOT NULL OR c.subject_kind NOT LIKE '%_point')
)
SELECT c.scope, c.words, k.severity, c.control_id, list(c.name ORDER BY c.name) AS names
FROM changes AS c
INNER JOIN compliance.controls AS k USING (control_id)
-- A server stands for its disks: a disk is named only where its server does not change alike.
LEFT JOIN compliance.resource_compliance AS r ON c.scope = r.scope AND c.subject_id = r.resource_id
ANTI JOIN changes AS s
    ON c.scope = s.scope AND c.control_id = s.control_id AND c.words = s.words AND r.server_id = s.subject_id
GROUP BY ALL
"""
_STANDING = "SELECT scope, as_of FROM staging.stg_snapshots ORDER BY scope"


@dataclass(frozen=True, slots=True)
class ResultChange:
    """Results of one control in one scope that changed alike."""

    scope: str
    outcome: str  # one of OUTCOMES
    severity: str
    control_id: str
    names: Sequence[str]  # of the subjects, sorted, with repetitions


def read_open_results(connection: duckdb.DuckDBPyConnection) -> pa.Table:
    """Return the results that do not pass: scope, control_id, subject_id, status, name."""
    results: pa.Table = connection.sql(_NOT_PASSING).to_arrow_table()
    return results


def read_changes(connection: duckdb.DuckDBPyConnection, notified: pa.Table) -> list[ResultChange]:
    """Return the differences between `notified`, open results of earlier, and the results now. Worst first."""
    connection.register("told", notified)
    rows = fetch_dicts(connection, _CHANGES)
    connection.unregister("told")
    changes = [
        ResultChange(row["scope"], row["words"], row["severity"], row["control_id"], row["names"]) for row in rows
    ]
    return sorted(changes, key=_sort_key)


def read_as_of(connection: duckdb.DuckDBPyConnection) -> dict[str, datetime]:
    """Return the time of the current snapshot of each scope, naive UTC."""
    return {row["scope"]: row["as_of"] for row in fetch_dicts(connection, _STANDING)}


def _sort_key(change: ResultChange) -> tuple[int, int, str, str]:
    return OUTCOMES.index(change.outcome), SEVERITIES.index(change.severity), change.control_id, change.scope
