"""Changes of control results since the last notification, read from the published file."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import duckdb
import pyarrow as pa

from pipelines.contract.keys import SEVERITIES
from pipelines.models.files import read_query
from pipelines.storage.connection import fetch_dicts, fetch_rows

# Outcomes of a change, worst first. A failure passes again; an unknown result merely passes now.
OUTCOMES = ("now fails", "is unknown", "is no longer checked", "is waived", "passes again", "passes now")
GOOD_OUTCOMES = OUTCOMES[3:]


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
    results: pa.Table = connection.sql(read_query("alerts/open_results")).to_arrow_table()
    return results


def read_changes(connection: duckdb.DuckDBPyConnection, notified: pa.Table) -> list[ResultChange]:
    """Return the differences between `notified`, open results of earlier, and the results now. Worst first."""
    tables = {"notified_results": notified, "open_results": read_open_results(connection)}
    for name, table in tables.items():
        connection.register(name, table)
    changes = fetch_rows(connection, read_query("alerts/changes"), ResultChange)
    for name in tables:
        connection.unregister(name)
    return sorted(changes, key=_sort_key)


def read_as_of(connection: duckdb.DuckDBPyConnection) -> dict[str, datetime]:
    """Return the time of the current snapshot of each scope, naive UTC."""
    return {row["scope"]: row["as_of"] for row in fetch_dicts(connection, read_query("alerts/snapshots"))}


def _sort_key(change: ResultChange) -> tuple[int, int, str, str]:
    return OUTCOMES.index(change.outcome), SEVERITIES.index(change.severity), change.control_id, change.scope
