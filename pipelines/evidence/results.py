"""The results of a home, in one order, and their hash.

A home and the rules enter; an Arrow table and a SHA-256 leave. The same inputs, rules and SQL give the same, on any
machine: nothing in them tells of the run.
"""

import hashlib
import json
import os
import re
from collections import Counter
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv

from pipelines.errors import WarehouseError
from pipelines.models.project import Project
from pipelines.policy.resolve import Rules
from pipelines.reports.safe import FORMULA
from pipelines.storage.connection import connect, read_published, restrict_to_database
from pipelines.storage.files import create_private
from pipelines.storage.home import Home
from pipelines.tables.manifest import damaged_files
from pipelines.warehouse.inputs import read_inputs
from pipelines.warehouse.models import build_models
from pipelines.warehouse.sources import fill_sources

RESULTS = "compliance.control_results"
_KEY = "control_id, scope, snapshot_id, subject_type, subject_id"
_IN_ORDER = f"SELECT * EXCLUDE (run_id) FROM {RESULTS} ORDER BY {_KEY}"

# What the numbers that are kept of a snapshot are told apart by, as the results call it.
BY = ("control_id", "control_version", "effective_status", "policy_sha256", "waivers_sha256")
_FORMULA = f"^([{re.escape(''.join(FORMULA))}])"
_BATCH = 10_000  # rows


def judge(home: Home, project: Project, rules: Rules) -> pa.Table:
    """Return the results of a home: judged anew, in memory, by the SQL of `project`, which can't do anything else.

    Raises WarehouseError if a table is not what was written.
    """
    inputs = read_inputs(home, "evidence", rules)
    for manifest in inputs.tables:
        for path in damaged_files(home, manifest):
            raise WarehouseError(
                f"{path} is damaged: it is not what was written",
                "Restore it from a copy, or run 'cbr-warehouse build', which makes it again.",
            )
    with connect() as connection:
        fill_sources(connection, inputs, project)
        restrict_to_database(connection)
        build_models(connection, project.upstream([RESULTS]))
        results: pa.Table = connection.sql(_IN_ORDER).to_arrow_table()
        return results


def published(warehouse: Path) -> pa.Table:
    """Return the results that a published file holds. Raises WarehouseError if it can't be read."""
    with read_published(warehouse) as connection:
        results: pa.Table = connection.sql(_IN_ORDER).to_arrow_table()
        return results


Counts = dict[tuple[str | None, ...], int]


def counted(results: pa.Table) -> Counts:
    """Return how many results there are, by control, its version, status after waivers, and the rules' hashes."""
    return dict(Counter(zip(*(results[name].to_pylist() for name in BY), strict=True)))


def write_csv(results: pa.Table, path: Path) -> None:
    """Write results as CSV; a list is its items with semicolons between, and no cell is a formula."""
    for place, field in enumerate(results.schema):
        texts: Any = results[field.name]
        if pa.types.is_list(field.type):
            texts = pa.chunked_array([[";".join(value or ()) for value in texts.to_pylist()]], pa.string())
        if pa.types.is_string(texts.type):
            texts = pc.replace_substring_regex(texts, _FORMULA, r"'\1")
        results = results.set_column(place, field.name, texts)
    with os.fdopen(create_private(path), "wb") as sink:
        pyarrow.csv.write_csv(results, sink)


def hash_of(results: pa.Table) -> str:
    """Return the SHA-256 of results: of one JSON object a row, keys in the order of columns."""
    digest = hashlib.sha256()
    for batch in results.to_batches(max_chunksize=_BATCH):
        for row in batch.to_pylist():
            digest.update(json.dumps(row, default=str, ensure_ascii=False).encode() + b"\n")
    return digest.hexdigest()
