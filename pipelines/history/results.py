"""Results over time: counts, events and open findings of each snapshot, kept longer than the snapshot itself.

One manifest per scope names the files. Judging a snapshot again replaces its own results and no others. What changed,
and since when, is computed by sql/intermediate/int_result_changes.sql.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path

import duckdb

from pipelines.contract.columns import Table
from pipelines.contract.derive import quoted
from pipelines.contract.results import OPEN_FINDINGS, RESULT_COUNTS, RESULT_EVENTS
from pipelines.errors import DamagedFileError
from pipelines.history.database import write
from pipelines.models.files import read_query
from pipelines.storage.connection import connect
from pipelines.storage.home import Home
from pipelines.storage.manifests import check_paths, read_manifest, write_manifest
from pipelines.storage.parquet import explain_damage, select_rows

HINT = "Restore DIR/history from a copy, or remove that file: the trend then begins anew."
_MAX_FILES = 32  # snapshots with files of their own; results of older ones are merged into one file
RESULT_MODELS = (
    "intermediate.int_result_counts",
    "intermediate.int_result_changes",
    "intermediate.int_open_findings",
)  # models
Files = dict[str, list[str]]  # by table: paths below the home
Attempts = dict[str, tuple[datetime, str | None]]  # by scope: end of the last reading, and its problem


@dataclass(frozen=True, slots=True)
class JudgedSnapshot:
    """A judged snapshot, and the last reading of every scope at that time."""

    snapshot_id: str
    files: Files
    attempts: Attempts

    def __post_init__(self) -> None:
        check_paths(self.files)


@dataclass(frozen=True, slots=True)
class ResultHistory:
    """The results of a scope: snapshots with files of their own, and the merged files of older ones."""

    scope: str
    entries: list[JudgedSnapshot] = field(default_factory=list)
    files: Files = field(default_factory=dict)

    def __post_init__(self) -> None:
        check_paths(self.files)

    @property
    def named_files(self) -> list[str]:
        """Every file of the results, below the home."""
        groups = (self.files, *(entry.files for entry in self.entries))
        return [name for files in groups for names in files.values() for name in names]

    @property
    def last(self) -> JudgedSnapshot | None:
        """The newest snapshot that was judged."""
        return self.entries[-1] if self.entries else None

    def until(self, snapshot_id: str) -> "ResultHistory":
        """Return the results before a snapshot. Only the last of them keeps its open findings."""
        earlier = [entry for entry in self.entries if entry.snapshot_id < snapshot_id]
        closed = [replace(entry, files=entry.files | {OPEN_FINDINGS.name: []}) for entry in earlier[:-1]]
        return ResultHistory(self.scope, [*closed, *earlier[-1:]], self.files)

    def of(self, snapshot_id: str) -> JudgedSnapshot | None:
        """Return the entry of a snapshot, or None if it is merged with others."""
        return next((entry for entry in self.entries if entry.snapshot_id == snapshot_id), None)

    def before(self, home: Home, table: Table, snapshot_id: str) -> list[Path]:
        """Return the files with results of earlier snapshots; of open findings, only those of the last one."""
        earlier = [entry for entry in self.entries if entry.snapshot_id < snapshot_id]
        if table is OPEN_FINDINGS:
            earlier = earlier[-1:]
        names = [*self.files.get(table.name, []), *(n for entry in earlier for n in entry.files.get(table.name, []))]
        return [home.path / name for name in names]


def read_result_history(home: Home, scope: str) -> ResultHistory:
    """Return the results of a scope. Raise DamagedFileError if its manifest or a file is damaged."""
    path = home.judged_manifest(scope)
    results = read_manifest(path, ResultHistory, HINT) or ResultHistory(scope)
    for file in results.named_files:
        if not (home.path / file).exists():
            raise DamagedFileError(f"{path} is damaged: {file} is missing", HINT)
    return results


def select_earlier_results(home: Home, table: Table, snapshots: Iterable[tuple[str, str]]) -> str:
    """Return SQL for the earlier results of several scopes, each given with the snapshot being judged."""
    parts = [
        f"SELECT * FROM {select_rows(table, read_result_history(home, scope).before(home, table, snapshot_id))}"
        f" WHERE scope = {quoted(scope)} AND snapshot_id < {quoted(snapshot_id)}"
        for scope, snapshot_id in snapshots
    ]
    return f"({' UNION ALL '.join(parts)})" if parts else select_rows(table, [])


def write_results(home: Home, connection: duckdb.DuckDBPyConnection, scope: str, snapshot_id: str) -> ResultHistory:
    """Write the results of a draft to files, and return the manifest that will name them once it is written."""
    results = read_result_history(home, scope)
    open_findings = f"(\n{read_query('results/open_results')}\n)"
    sources = {RESULT_COUNTS: RESULT_MODELS[0], RESULT_EVENTS: RESULT_MODELS[1], OPEN_FINDINGS: open_findings}
    files = {
        table.name: write(
            home, scope, table, connection, f"SELECT * FROM {source} AS results WHERE scope = {quoted(scope)}"
        )
        for table, source in sources.items()
    }
    readings = connection.execute(read_query("results/readings")).fetchall()
    attempts = {name: (at, problem) for name, at, problem in readings}
    entries = [
        *(e for e in results.entries if e.snapshot_id != snapshot_id),
        JudgedSnapshot(snapshot_id, files, attempts),
    ]
    entries.sort(key=lambda entry: entry.snapshot_id)
    if len(entries) > _MAX_FILES:
        old, entries = entries[:-2], entries[-2:]
        merged = {
            table.name: _merge(home, scope, table, results.files, old) for table in (RESULT_COUNTS, RESULT_EVENTS)
        }
        return ResultHistory(scope, entries, merged)
    return ResultHistory(scope, entries, results.files)


def write_result_history(home: Home, results: ResultHistory) -> None:
    """Write the manifest: from now on its files are the results of the scope."""
    write_manifest(home.judged_manifest(results.scope), results)


def _merge(home: Home, scope: str, table: Table, files: Files, old: Iterable[JudgedSnapshot]) -> list[str]:
    names = [*files.get(table.name, []), *(name for entry in old for name in entry.files.get(table.name, []))]
    with explain_damage(home), connect() as connection:
        rows = select_rows(table, [home.path / name for name in names])
        return write(home, scope, table, connection, f"SELECT * FROM {rows}")
