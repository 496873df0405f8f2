"""What a draft holds before the models run: the tables from Parquet, the policy, and what is known of the data.

Belongs here: which rows each source gets. Does not belong here: writing them (load/) or what is computed from
them (models/). Landed snapshots and loaded tables enter; rows in the draft leave.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import asdict
from datetime import datetime
from importlib.metadata import version
from typing import Any

import duckdb
import pyarrow as pa

from pipelines.contract import meta
from pipelines.contract.columns import Table
from pipelines.contract.derive import arrow_schema
from pipelines.contract.history import HISTORY
from pipelines.contract.results import RESULTS
from pipelines.contract.tables import NORMALIZED
from pipelines.extract import landing
from pipelines.extract.landing import Attempt, Snapshot
from pipelines.history.judged import rows_before
from pipelines.history.state import read_state
from pipelines.home import Home
from pipelines.load import tables, warehouse
from pipelines.load.parquet import reading
from pipelines.load.tables import Loaded, read_loaded
from pipelines.models.control import CONTROL_REASONS, CONTROLS, controls_table, reasons_table
from pipelines.models.model import Model
from pipelines.models.project import Project
from pipelines.models.standards import STANDARDS, standards_table
from pipelines.policy import force
from pipelines.policy.tables import POLICY

_FEW = 100_000  # rows of all tables: for fewer, threads cost more than they save
# Parquet of a snapshot can't know what the ones before had.
_DRIFT_SINCE = """
UPDATE meta.drift AS d SET first_seen = h.first_seen FROM history.drift AS h
WHERE d.scope = h.scope AND d.table_name = h.table_name AND d.path = h.path AND d.kind = h.kind AND d.found = h.found
"""


def fill_sources(
    connection: duckdb.DuckDBPyConnection,
    home: Home,
    run_id: str,
    models: Project,
    rules: force.Rules,
    until: datetime | None = None,
) -> dict[str, int]:
    """Fill all that models read and no model makes; return the rows by relation.

    Where `until` is given, what was read after it counts as not read yet. The history must not have taken it in either.
    """
    landed = snapshots_until(home, until)
    loaded = current(home, landed)
    judged = {(one.scope, one.snapshot_id) for one in loaded}
    if sum(sum(one.rows.values()) for one in loaded) < _FEW:
        connection.execute("SET threads = 1")
    with reading(home):
        rows = _fill_data(connection, home, loaded)
        rows |= _fill_results(connection, home, loaded)
    rows |= _fill_meta(connection, run_id, landed, loaded, _attempts(home, landed, until))
    rows |= _fill_policy(connection, rules, (s for s in landed if (s.scope, s.snapshot_id) in judged))
    rows |= _fill_evidence(connection, run_id, landed, loaded, models.models, rules)
    rows[CONTROLS.relation] = warehouse.fill(connection, CONTROLS, controls_table(models.controls))
    rows[CONTROL_REASONS.relation] = warehouse.fill(connection, CONTROL_REASONS, reasons_table(models.controls))
    rows[STANDARDS.relation] = warehouse.fill(connection, STANDARDS, standards_table(models.controls, models.standards))
    return rows


def snapshots_until(home: Home, until: datetime | None) -> list[Snapshot]:
    """Return the snapshots whose reading had ended by `until`, all where that is None."""
    return [one for one in landing.snapshots(home) if until is None or one.finished_at <= until]


def _attempts(home: Home, landed: list[Snapshot], until: datetime | None) -> list[Attempt]:
    """Return how the last reading of each scope by `until` had ended; one that failed since is not remembered then."""
    newest = {one.scope: Attempt(one.scope, one.finished_at, None) for one in landed}
    known = (one if until is None or one.at <= until else newest.get(one.scope) for one in landing.attempts(home))
    return [one for one in known if one]


def current(home: Home, landed: list[Snapshot]) -> list[Loaded]:
    """Return the tables of the newest complete snapshot of each scope."""
    return [one for s in landing.current(landed) if (one := read_loaded(home, s.scope, s.snapshot_id))]


def _fill_data(connection: duckdb.DuckDBPyConnection, home: Home, loaded: list[Loaded]) -> dict[str, int]:
    """Fill what stands in Parquet; return the rows by relation."""
    rows = {
        table.relation: warehouse.fill(
            connection, table, [path for one in loaded for path in one.paths(home, table.name)]
        )
        for table in (*NORMALIZED, *meta.PER_SNAPSHOT)
    }
    states = [read_state(home, one.scope) for one in loaded]
    rows |= {
        table.relation: warehouse.fill(connection, table, [p for s in states for p in s.paths(home, table.name)])
        for table in HISTORY
    }
    connection.execute(_DRIFT_SINCE)
    return rows


def _fill_results(connection: duckdb.DuckDBPyConnection, home: Home, loaded: list[Loaded]) -> dict[str, int]:
    """Fill what earlier snapshots were judged to be; return the rows by relation."""
    judged = [(one.scope, one.snapshot_id) for one in loaded]
    return {table.relation: warehouse.fill(connection, table, rows_before(home, table, judged)) for table in RESULTS}


def _fill_policy(
    connection: duckdb.DuckDBPyConnection, rules: force.Rules, snapshots: Iterable[Snapshot]
) -> dict[str, int]:
    """Fill what the policy in force demands of each snapshot, and the waivers; return the rows by relation."""
    rows = force.rows(rules, ((one.scope, one.snapshot_id, one.as_of) for one in snapshots))
    return {table.relation: fill_rows(connection, table, rows[table.relation]) for table in POLICY}


def _fill_meta(
    connection: duckdb.DuckDBPyConnection,
    run_id: str,
    landed: list[Snapshot],
    loaded: list[Loaded],
    attempts: list[Attempt],
) -> dict[str, int]:
    """Fill what is known of the run, the scopes and the snapshots; return the rows by relation."""
    run = {"run_id": run_id, "tool_version": version("cbr-warehouse"), "contract_version": tables.VERSION}
    rejects = {(one.scope, one.snapshot_id): sum(one.rejects.values()) for one in loaded}
    snapshots = (
        asdict(snapshot)
        | {"seconds": snapshot.seconds, "vanished": len(snapshot.vanished)}
        | {"is_current": (snapshot.scope, snapshot.snapshot_id) in rejects}
        | {"rejects": rejects.get((snapshot.scope, snapshot.snapshot_id))}
        for snapshot in landed
    )
    scopes = (standing(attempt, landed) for attempt in attempts)
    return {
        meta.RUNS.relation: fill_rows(connection, meta.RUNS, [run]),
        meta.SCOPES.relation: fill_rows(connection, meta.SCOPES, scopes),
        meta.SNAPSHOTS.relation: fill_rows(connection, meta.SNAPSHOTS, snapshots),
        meta.LOADS.relation: fill_rows(connection, meta.LOADS, tables.load_rows(loaded)),
    }


def _fill_evidence(
    connection: duckdb.DuckDBPyConnection,
    run_id: str,
    landed: list[Snapshot],
    loaded: list[Loaded],
    models: Iterable[Model],
    rules: force.Rules,
) -> dict[str, int]:
    """Fill what the results come from, each with its hash; return the rows by relation."""
    parts = {(snapshot.scope, snapshot.snapshot_id): snapshot.parts for snapshot in landed}
    rows: list[dict[str, Any]] = []
    for one in loaded:
        key = {"scope": one.scope, "snapshot_id": one.snapshot_id}
        for name, part in parts[one.scope, one.snapshot_id].items():
            rows.append(key | {"kind": "landing", "name": name, "sha256": part["sha256"], "row_count": part["lines"]})
        for name, digest in one.content.items():
            rows.append(key | {"kind": "table", "name": name, "sha256": digest, "row_count": one.rows.get(name)})
    for policy in rules.policies:
        rows.append({"kind": "policy", "name": policy.policy.policy_id, "sha256": policy.sha256})
    if rules.waivers:
        rows.append({"kind": "waivers", "name": "waivers", "sha256": rules.waivers.sha256})
    for model in models:
        rows.append({"kind": "sql", "name": model.relation, "sha256": hashlib.sha256(model.sql.encode()).hexdigest()})
    return {meta.EVIDENCE.relation: fill_rows(connection, meta.EVIDENCE, ({"run_id": run_id} | row for row in rows))}


def standing(attempt: Attempt, landed: list[Snapshot]) -> dict[str, Any]:
    """Return the row of meta.scopes: how the last reading of a scope ended, and what stands for it."""
    mine = [snapshot for snapshot in landed if snapshot.scope == attempt.scope]
    stands = next(iter(landing.current(mine)), None)
    newer = mine[-1].incomplete_reason if mine and mine[-1] is not stands else None
    return {
        "scope": attempt.scope,
        "attempted_at": attempt.at,
        "problem": attempt.problem or newer,
        "snapshot_id": stands.snapshot_id if stands else None,
    }


def fill_rows(connection: duckdb.DuckDBPyConnection, table: Table, rows: Iterable[dict[str, Any]]) -> int:
    """Fill one table; return its rows."""
    return warehouse.fill(connection, table, pa.Table.from_pylist(list(rows), arrow_schema(table)))
