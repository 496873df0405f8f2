"""What was judged: the results of each snapshot, kept for longer than the snapshot itself.

Belongs here: which files hold the results of a scope, and writing those of a draft. One small JSON a scope, replaced in
one write, says which files count. Judging a snapshot again replaces its own results, and no others: it begins from what
was open before it. Does not belong here: what changed and since when (sql/intermediate/int_result_changes.sql).
"""

from collections.abc import Iterable
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb

from pipelines.contract.columns import Table
from pipelines.contract.derive import quoted
from pipelines.contract.results import COUNTS, EVENTS, OPEN
from pipelines.duck import connect
from pipelines.history.database import write
from pipelines.home import Home, files_in, read_json, write_json
from pipelines.load.parquet import reading, rows_in
from pipelines.models.files import read_query
from pipelines.problem import Problem

CURE = "Restore DIR/history from a copy, or remove that file: the trend then begins anew."
_FEW = 32  # snapshots with files of their own; the results of older ones are made one file
KEPT = ("intermediate.int_result_counts", "intermediate.int_result_changes", "intermediate.int_open_findings")  # models
Files = dict[str, list[str]]  # table -> its files, below the home
Read = dict[str, tuple[str, str | None]]  # scope -> when its last reading had ended, and why it gave no snapshot


@dataclass(frozen=True, slots=True)
class Entry:
    """A snapshot that was judged, and what had been read of all scopes by then."""

    snapshot_id: str
    files: Files
    read: Read


@dataclass(frozen=True, slots=True)
class Judged:
    """All that was judged of a scope: snapshots with files of their own, and what older ones left."""

    scope: str
    entries: list[Entry] = field(default_factory=list)
    files: Files = field(default_factory=dict)

    @property
    def last(self) -> Entry | None:
        """The newest snapshot that was judged."""
        return self.entries[-1] if self.entries else None

    def until(self, snapshot_id: str) -> "Judged":
        """Return what was judged before a snapshot, without what was open before the last of those."""
        earlier = [entry for entry in self.entries if entry.snapshot_id < snapshot_id]
        bare = [replace(entry, files=entry.files | {OPEN.name: []}) for entry in earlier[:-1]]
        return Judged(self.scope, [*bare, *earlier[-1:]], self.files)

    def of(self, snapshot_id: str) -> Entry | None:
        """Return how a snapshot was judged; nothing where that is not told apart any more."""
        return next((entry for entry in self.entries if entry.snapshot_id == snapshot_id), None)

    def before(self, home: Home, table: Table, snapshot_id: str) -> list[Path]:
        """Return the files that have the results of earlier snapshots; of what was open, the last one's."""
        earlier = [entry for entry in self.entries if entry.snapshot_id < snapshot_id]
        if table is OPEN:
            earlier = earlier[-1:]
        names = [*self.files.get(table.name, []), *(n for entry in earlier for n in entry.files.get(table.name, []))]
        return [home.path / name for name in names]


def read_judged(home: Home, scope: str) -> Judged:
    """Return what was judged of a scope. Raises Problem where its manifest or a file of it is damaged."""
    path = home.judged_manifest(scope)
    judged = read_json(path, _parsed, CURE) or Judged(scope)
    for file in (n for files in (judged.files, *(e.files for e in judged.entries)) for f in files.values() for n in f):
        if not (home.path / file).exists():
            raise Problem(f"{path} is damaged: {file} is missing", CURE)
    return judged


def rows_before(home: Home, table: Table, snapshots: Iterable[tuple[str, str]]) -> str:
    """Return what to select earlier results from, of several scopes, each with the snapshot that is judged now."""
    parts = [
        f"SELECT * FROM {rows_in(table, read_judged(home, scope).before(home, table, snapshot_id))}"
        f" WHERE scope = {quoted(scope)} AND snapshot_id < {quoted(snapshot_id)}"
        for scope, snapshot_id in snapshots
    ]
    return f"({' UNION ALL '.join(parts)})" if parts else rows_in(table, [])


def write_results(home: Home, connection: duckdb.DuckDBPyConnection, scope: str, snapshot_id: str) -> Judged:
    """Write the results of a draft to files that count for nothing yet; return what makes them count."""
    judged = read_judged(home, scope)
    sources = {COUNTS: KEPT[0], EVENTS: KEPT[1], OPEN: f"(\n{read_query('results/open_results')}\n)"}
    files = {
        table.name: write(
            home, scope, table, connection, f"SELECT * FROM {source} AS results WHERE scope = {quoted(scope)}"
        )
        for table, source in sources.items()
    }
    readings = connection.execute(read_query("results/readings")).fetchall()
    read = {name: (at.isoformat(), why) for name, at, why in readings}
    entries = [*(e for e in judged.entries if e.snapshot_id != snapshot_id), Entry(snapshot_id, files, read)]
    entries.sort(key=lambda entry: entry.snapshot_id)
    if len(entries) > _FEW:
        old, entries = entries[:-2], entries[-2:]
        merged = {table.name: _merged(home, scope, table, judged.files, old) for table in (COUNTS, EVENTS)}
        return Judged(scope, entries, merged)
    return Judged(scope, entries, judged.files)


def keep(home: Home, judged: Judged) -> None:
    """Make results count, in one step."""
    write_json(home.judged_manifest(judged.scope), asdict(judged))


def _parsed(content: Any) -> Judged:
    return Judged(str(content["scope"]), [_entry(entry) for entry in content["entries"]], files_in(content["files"]))


def _entry(content: Any) -> Entry:
    read: Read = {}
    for scope, (at, problem) in content["read"].items():
        datetime.fromisoformat(at)
        read[scope] = (at, problem)
    return Entry(str(content["snapshot_id"]), files_in(content["files"]), read)


def _merged(home: Home, scope: str, table: Table, files: Files, old: Iterable[Entry]) -> list[str]:
    names = [*files.get(table.name, []), *(name for entry in old for name in entry.files.get(table.name, []))]
    with reading(home), connect() as connection:
        rows = rows_in(table, [home.path / name for name in names])
        return write(home, scope, table, connection, f"SELECT * FROM {rows}")
