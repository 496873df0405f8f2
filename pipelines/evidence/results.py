"""The results of a home, in one order, and their hash.

A home and the rules enter; an Arrow table and a SHA-256 leave. The same inputs, rules and SQL give the same, on any
machine: nothing in them tells of the run.
"""

import hashlib
import json

import pyarrow as pa

from pipelines import flow
from pipelines.duck import connect
from pipelines.home import Home
from pipelines.models.build import build_models
from pipelines.models.project import Project
from pipelines.policy.force import Rules

RESULTS = "compliance.control_results"
_KEY = "control_id, scope, snapshot_id, subject_type, subject_id"
_IN_ORDER = f"SELECT * EXCLUDE (run_id) FROM {RESULTS} ORDER BY {_KEY}"

_BATCH = 10_000  # rows


def judge(home: Home, project: Project, rules: Rules) -> pa.Table:
    """Return the results of a home: judged anew, in memory, by the SQL of `project`."""
    with connect() as connection:
        flow.fill_sources(connection, home, "evidence", project, rules)
        build_models(connection, project.towards([RESULTS]))
        results: pa.Table = connection.sql(_IN_ORDER).to_arrow_table()
        return results


def hash_of(results: pa.Table) -> str:
    """Return the SHA-256 of results: of one JSON object a row, keys in the order of columns."""
    digest = hashlib.sha256()
    for batch in results.to_batches(max_chunksize=_BATCH):
        for row in batch.to_pylist():
            digest.update(json.dumps(row, default=str, ensure_ascii=False).encode() + b"\n")
    return digest.hexdigest()
