"""Filling the tables that models read and no model makes: data, history, results, policy and metadata."""

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import asdict
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
from pipelines.history.results import select_earlier_results
from pipelines.landing.attempts import scope_status
from pipelines.models.control import CONTROL_REASONS, CONTROLS, controls_table, reasons_table
from pipelines.models.files import read_query
from pipelines.models.project import Project
from pipelines.models.standards import STANDARDS, standards_table
from pipelines.policy.rows import policy_rows
from pipelines.policy.tables import POLICY, SETTINGS
from pipelines.storage.connection import FEW_ROWS
from pipelines.storage.parquet import explain_damage, select_rows
from pipelines.tables.manifest import CONTRACT_VERSION, load_rows
from pipelines.warehouse.file import fill_table
from pipelines.warehouse.input_tables import fill_input_files, fill_inputs
from pipelines.warehouse.inputs import Inputs
from pipelines.warehouse.policy_runs import fill_policy_runs
from pipelines.warehouse.time_zones import fill_zone_offsets

Rows = Iterable[dict[str, Any]]


def fill_sources(connection: duckdb.DuckDBPyConnection, inputs: Inputs, project: Project) -> dict[str, int]:
    """Fill every source of the models; return the rows by relation."""
    if sum(sum(manifest.rows.values()) for manifest in inputs.tables) < FEW_ROWS:
        connection.execute("SET threads = 1")
    with explain_damage(inputs.home):
        rows = _fill_from_parquet(connection, inputs)
    rows |= fill_input_files(connection, inputs.files)
    judged = [s for s in inputs.snapshots if (s.scope, s.snapshot_id) in inputs.current]
    requirements = policy_rows(inputs.rules, ((s.scope, s.snapshot_id, s.as_of) for s in judged))
    for table, records in _records(inputs, project, requirements):
        rows[table.relation] = fill_rows(connection, table, records)
    times = {s.scope: s.as_of for s in judged}
    rows |= fill_policy_runs(connection, times, requirements[SETTINGS.relation])
    rows |= fill_zone_offsets(connection, times)
    rows[CONTROLS.relation] = fill_table(connection, CONTROLS, controls_table(project.controls))
    rows[CONTROL_REASONS.relation] = fill_table(connection, CONTROL_REASONS, reasons_table(project.controls))
    rows[STANDARDS.relation] = fill_table(connection, STANDARDS, standards_table(project.controls, project.standards))
    return rows


def fill_rows(connection: duckdb.DuckDBPyConnection, table: Table, rows: Rows) -> int:
    """Fill one table with `rows`, keyed by column; return how many there are."""
    return fill_table(connection, table, pa.Table.from_pylist(list(rows), arrow_schema(table)))


def _fill_from_parquet(connection: duckdb.DuckDBPyConnection, inputs: Inputs) -> dict[str, int]:
    home = inputs.home
    rows = {}
    files = {
        table: [path for manifest in inputs.tables for path in manifest.paths(home, table.name)]
        for table in (*NORMALIZED, *meta.PER_SNAPSHOT)
    }
    drift_files = files.pop(meta.DRIFT)
    for table, paths in files.items():
        rows[table.relation] = fill_table(connection, table, paths)
    for table in HISTORY:
        paths = [path for state in inputs.histories for path in state.paths(home, table.name)]
        rows[table.relation] = fill_table(connection, table, paths)
    rows |= fill_inputs(connection, home, inputs.histories)
    connection.execute(f"CREATE TEMP VIEW drift_found AS SELECT * FROM {select_rows(meta.DRIFT, drift_files)}")
    rows[meta.DRIFT.relation] = fill_table(connection, meta.DRIFT, f"(\n{read_query('warehouse/drift')}\n)")
    connection.execute("DROP VIEW drift_found")
    for table in RESULTS:
        earlier = select_earlier_results(home, table, sorted(inputs.current))
        rows[table.relation] = fill_table(connection, table, earlier)
    return rows


def _records(
    inputs: Inputs, project: Project, requirements: dict[str, list[dict[str, Any]]]
) -> Iterator[tuple[Table, Rows]]:
    """Yield the tables that are made of records in memory."""
    tool = {"tool_version": version("cbr-warehouse"), "contract_version": CONTRACT_VERSION}
    yield meta.RUNS, [{"run_id": inputs.run_id, **tool}]
    yield meta.SCOPES, (scope_status(attempt, inputs.snapshots) for attempt in inputs.attempts)
    yield meta.SNAPSHOTS, _snapshot_rows(inputs)
    yield meta.LOADS, load_rows(inputs.tables)
    yield meta.EVIDENCE, ({"run_id": inputs.run_id, **row} for row in _evidence_rows(inputs, project))
    for table in POLICY:
        yield table, requirements[table.relation]


def _snapshot_rows(inputs: Inputs) -> Iterator[dict[str, Any]]:
    rejects = {(manifest.scope, manifest.snapshot_id): sum(manifest.rejects.values()) for manifest in inputs.tables}
    for snapshot in inputs.snapshots:
        key = (snapshot.scope, snapshot.snapshot_id)
        counts = {"vanished": len(snapshot.vanished), "rejects": rejects.get(key)}
        yield asdict(snapshot) | counts | {"seconds": snapshot.seconds, "is_current": key in rejects}


def _evidence_rows(inputs: Inputs, project: Project) -> Iterator[dict[str, Any]]:
    """Yield everything that the results are computed from, each with its hash."""
    parts = {(snapshot.scope, snapshot.snapshot_id): snapshot.parts for snapshot in inputs.snapshots}
    for manifest in inputs.tables:
        key = {"scope": manifest.scope, "snapshot_id": manifest.snapshot_id}
        for name, part in parts[manifest.scope, manifest.snapshot_id].items():
            yield key | {"kind": "landing", "name": name, "sha256": part.sha256, "row_count": part.lines}
        for name, digest in manifest.content.items():
            yield key | {"kind": "table", "name": name, "sha256": digest, "row_count": manifest.rows.get(name)}
    for policy in inputs.rules.policies:
        yield {"kind": "policy", "name": policy.policy.policy_id, "sha256": policy.sha256}
    if inputs.rules.waivers:
        yield {"kind": "waivers", "name": "waivers", "sha256": inputs.rules.waivers.sha256}
    for file in inputs.files:
        yield {"kind": "input", "name": file.path, "sha256": file.sha256, "row_count": file.rows.num_rows}
    for model in project.models:
        yield {"kind": "sql", "name": model.relation, "sha256": hashlib.sha256(model.sql.encode()).hexdigest()}
