"""Filling the tables of schedules: the runs of the service's backup policies in the days after each snapshot."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

import duckdb
import pyarrow as pa

from pipelines.contract.derive import arrow_schema
from pipelines.contract.policy_runs import POLICY_PATTERNS, POLICY_RUNS
from pipelines.warehouse.file import fill_table
from pipelines.warehouse.schedules import PatternError, scheduled_runs

_ENABLED = """SELECT scope, id, trigger_pattern, trigger_start_time FROM cbr.policies
WHERE enabled AND operation_type = 'backup' ORDER BY scope, id"""


def fill_policy_runs(
    connection: duckdb.DuckDBPyConnection, times: Mapping[str, datetime], settings: Iterable[dict[str, Any]]
) -> dict[str, int]:
    """Fill the tables of schedules from cbr.policies; return the rows by relation.

    `times` is as_of by scope, `settings` are the rows of policy.settings.
    """
    horizons = {row["scope"]: timedelta(days=row["schedule_days"]) for row in settings}
    runs: set[tuple[str, str, datetime]] = set()
    patterns: dict[tuple[str, str, str], str | None] = {}
    for scope, policy_id, policy_patterns, start in connection.execute(_ENABLED).fetchall():
        after = times[scope]
        for pattern in policy_patterns or [""]:
            key = (scope, policy_id, pattern or "")
            try:
                found = scheduled_runs(pattern or "", start, after, after + horizons[scope])
            except PatternError as error:
                patterns[key] = str(error)
                continue
            patterns[key] = None
            runs.update((scope, policy_id, run_at) for run_at in found)
    run_rows = [dict(zip(POLICY_RUNS.key, run, strict=True)) for run in sorted(runs)]
    pattern_rows = [
        {**dict(zip(POLICY_PATTERNS.key, key, strict=True)), "problem": problem} for key, problem in patterns.items()
    ]
    return {
        table.relation: fill_table(connection, table, pa.Table.from_pylist(rows, arrow_schema(table)))
        for table, rows in ((POLICY_RUNS, run_rows), (POLICY_PATTERNS, pattern_rows))
    }
