"""Control results in a fixed order, and their hash.

The same inputs, rules and SQL give the same results on any machine: nothing in them depends on the run.
"""

import hashlib
import json
import os
import re
from collections import Counter
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv

from pipelines.errors import DamagedFileError
from pipelines.models.project import Project
from pipelines.policy.resolve import Rules
from pipelines.reports.cells import FORMULA_PREFIXES
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
# The columns of compliance.control_results that the result history counts by.
COUNT_COLUMNS = ("control_id", "control_version", "effective_status", "policy_sha256", "waivers_sha256")
_FORMULA = f"^([{re.escape(''.join(FORMULA_PREFIXES))}])"
_BATCH_ROWS = 10_000

Counts = dict[tuple[str | None, ...], int]  # values of COUNT_COLUMNS -> number of results


def evaluate_controls(home: Home, project: Project, rules: Rules, input_files: Mapping[str, datetime]) -> pa.Table:
    """Return the results of `home`, computed in memory. The SQL of `project` can't read or write anything else.

    `input_files` has the modified time of each input file. Raise DamagedFileError if a table was changed.
    """
    inputs = read_inputs(home, "evidence", rules, packed_files=input_files)
    for manifest in inputs.tables:
        for path in damaged_files(home, manifest):
            raise DamagedFileError(
                f"{path} is damaged: its hash differs from the manifest",
                "Restore it from a copy, or run 'cbr-warehouse build' to make it again.",
            )
    with connect() as connection:
        fill_sources(connection, inputs, project)
        restrict_to_database(connection)
        build_models(connection, project.upstream([RESULTS]))
        results: pa.Table = connection.sql(_IN_ORDER).to_arrow_table()
        return results


def read_published_results(warehouse: Path) -> pa.Table:
    """Return the results in a published file. Raise StorageError if it can't be read."""
    with read_published(warehouse) as connection:
        results: pa.Table = connection.sql(_IN_ORDER).to_arrow_table()
        return results


def count_results(results: pa.Table) -> Counts:
    """Return the number of results by COUNT_COLUMNS."""
    return dict(Counter(zip(*(results[name].to_pylist() for name in COUNT_COLUMNS), strict=True)))


def write_csv(results: pa.Table, path: Path) -> None:
    """Write results as CSV. Items of a list are separated by semicolons, and no cell is a spreadsheet formula."""
    for position, field in enumerate(results.schema):
        texts: Any = results[field.name]
        if pa.types.is_list(field.type):
            texts = pa.chunked_array([[";".join(value or ()) for value in texts.to_pylist()]], pa.string())
        if pa.types.is_string(texts.type):
            texts = pc.replace_substring_regex(texts, _FORMULA, r"'\1")
        results = results.set_column(position, field.name, texts)
    with os.fdopen(create_private(path), "wb") as sink:
        pyarrow.csv.write_csv(results, sink)


def hash_results(results: pa.Table) -> str:
    """Return the SHA-256 of results as JSON lines, with keys in the order of the columns."""
    digest = hashlib.sha256()
    for batch in results.to_batches(max_chunksize=_BATCH_ROWS):
        for row in batch.to_pylist():
            digest.update(json.dumps(row, default=str, ensure_ascii=False).encode() + b"\n")
    return digest.hexdigest()
