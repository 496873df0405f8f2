"""What was judged: the results of each snapshot, kept for longer than the snapshot itself.

Belongs here: which files hold the results of a scope, and writing those of a draft. One small JSON a scope, replaced in
one write, says which files count. Judging a snapshot again replaces its own results, and no others: it begins from what
was open before it. Does not belong here: what changed and since when (sql/intermediate/int_result_changes.sql).
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
from pipelines.storage.connection import connect
from pipelines.storage.home import Home
from pipelines.storage.manifests import check_paths, read_manifest, write_manifest
from pipelines.storage.parquet import explain_damage, select_rows

HINT = "Restore DIR/history from a copy, or remove that file: the trend then begins anew."
_MAX_FILES = 32  # snapshots with files of their own; the results of older ones are made one file
RESULT_MODELS = (
    "intermediate.int_result_counts",
    "intermediate.int_result_changes",
    "intermediate.int_open_findings",
)  # models
_SOURCE = {
    RESULT_COUNTS: RESULT_MODELS[0],
    RESULT_EVENTS: RESULT_MODELS[1],
    OPEN_FINDINGS: f"(SELECT * REPLACE (effective_status AS status) FROM {RESULT_MODELS[2]})",
}
_READ = "SELECT scope, attempted_at, problem FROM meta.scopes ORDER BY scope"
Files = dict[str, list[str]]  # table -> its files, below the home
Read = dict[str, tuple[datetime, str | None]]  # scope -> when its last reading had ended, and why it gave no snapshot


@dataclass(frozen=True, slots=True)
class JudgedSnapshot:
    """A snapshot that was judged, and what had been read of all scopes by then."""

    snapshot_id: str
    files: Files
    read: Read

    def __post_init__(self) -> None:
        check_paths(self.files)


@dataclass(frozen=True, slots=True)
class ResultHistory:
    """All that was judged of a scope: snapshots with files of their own, and what older ones left."""

    scope: str
    entries: list[JudgedSnapshot] = field(default_factory=list)
    files: Files = field(default_factory=dict)

    def __post_init__(self) -> None:
        check_paths(self.files)

    @property
    def last(self) -> JudgedSnapshot | None:
        """The newest snapshot that was judged."""
        return self.entries[-1] if self.entries else None

    def until(self, snapshot_id: str) -> "ResultHistory":
        """Return what was judged before a snapshot, without what was open before the last of those."""
        earlier = [entry for entry in self.entries if entry.snapshot_id < snapshot_id]
        bare = [replace(entry, files=entry.files | {OPEN_FINDINGS.name: []}) for entry in earlier[:-1]]
        return ResultHistory(self.scope, [*bare, *earlier[-1:]], self.files)

    def of(self, snapshot_id: str) -> JudgedSnapshot | None:
        """Return how a snapshot was judged; nothing where that is not told apart any more."""
        return next((entry for entry in self.entries if entry.snapshot_id == snapshot_id), None)

    def before(self, home: Home, table: Table, snapshot_id: str) -> list[Path]:
        """Return the files that have the results of earlier snapshots; of what was open, the last one's."""
        earlier = [entry for entry in self.entries if entry.snapshot_id < snapshot_id]
        if table is OPEN_FINDINGS:
            earlier = earlier[-1:]
        names = [*self.files.get(table.name, []), *(n for entry in earlier for n in entry.files.get(table.name, []))]
        return [home.path / name for name in names]


def read_result_history(home: Home, scope: str) -> ResultHistory:
    """Return what was judged of a scope. Raises WarehouseError if its manifest or a file of it is damaged."""
    path = home.judged_manifest(scope)
    judged = read_manifest(path, ResultHistory, HINT) or ResultHistory(scope)
    for file in (n for files in (judged.files, *(e.files for e in judged.entries)) for f in files.values() for n in f):
        if not (home.path / file).exists():
            raise DamagedFileError(f"{path} is damaged: {file} is missing", HINT)
    return judged


def select_earlier_results(home: Home, table: Table, snapshots: Iterable[tuple[str, str]]) -> str:
    """Return what to select earlier results from, of several scopes, each with the snapshot that is judged now."""
    parts = [
        f"SELECT * FROM {select_rows(table, read_result_history(home, scope).before(home, table, snapshot_id))}"
        f" WHERE scope = {quoted(scope)} AND snapshot_id < {quoted(snapshot_id)}"
        for scope, snapshot_id in snapshots
    ]
    return f"({' UNION ALL '.join(parts)})" if parts else select_rows(table, [])


def write_results(home: Home, connection: duckdb.DuckDBPyConnection, scope: str, snapshot_id: str) -> ResultHistory:
    """Write the results of a draft to files that count for nothing yet; return what makes them count."""
    judged = read_result_history(home, scope)
    files = {
        table.name: write(home, scope, table, connection, f"SELECT * FROM {source} WHERE scope = {quoted(scope)}")
        for table, source in _SOURCE.items()
    }
    read = {name: (at, why) for name, at, why in connection.execute(_READ).fetchall()}
    entries = [*(e for e in judged.entries if e.snapshot_id != snapshot_id), JudgedSnapshot(snapshot_id, files, read)]
    entries.sort(key=lambda entry: entry.snapshot_id)
    if len(entries) > _MAX_FILES:
        old, entries = entries[:-2], entries[-2:]
        merged = {
            table.name: _merged(home, scope, table, judged.files, old) for table in (RESULT_COUNTS, RESULT_EVENTS)
        }
        return ResultHistory(scope, entries, merged)
    return ResultHistory(scope, entries, judged.files)


def write_result_history(home: Home, judged: ResultHistory) -> None:
    """Make results count, in one step."""
    write_manifest(home.judged_manifest(judged.scope), judged)


def _merged(home: Home, scope: str, table: Table, files: Files, old: Iterable[JudgedSnapshot]) -> list[str]:
    names = [*files.get(table.name, []), *(name for entry in old for name in entry.files.get(table.name, []))]
    with explain_damage(home), connect() as connection:
        rows = select_rows(table, [home.path / name for name in names])
        return write(home, scope, table, connection, f"SELECT * FROM {rows}")
