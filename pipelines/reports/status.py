"""The age and completeness of each scope, and what changed since the previous snapshot, for `cbr-warehouse status`."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from pipelines.models.files import read_query
from pipelines.reports.grants import read_refused_projects
from pipelines.reports.scopes import ScopeState, read_scopes
from pipelines.storage.connection import fetch_rows, read_published
from pipelines.storage.home import Home
from pipelines.text import printable


@dataclass(frozen=True, slots=True)
class ScopeChanges:
    """Changes of a scope since its previous complete snapshot, and its results now."""

    scope: str
    added: int  # backups
    removed: int  # backups
    new_failures: int
    resolved: int  # failures that pass again
    fails: int | None
    unknowns: int | None


def status_lines(home: Home, now: datetime) -> Iterator[str]:
    """Yield the lines about each scope of a home, with ages at `now` (naive UTC), and the paths of its files."""
    with read_published(home.warehouse) as connection:
        changes = {row.scope: row for row in fetch_rows(connection, read_query("reports/status_changes"), ScopeChanges)}
        for scope in read_scopes(connection):
            yield from _scope_lines(scope, now)
            if scope.scope in changes:
                yield from _change_lines(scope, changes[scope.scope])
        for project in read_refused_projects(connection):
            yield f"scope {printable(project.scope)}"
            yield f"  NOT GRANTED {_minute(project.attempted_at)} UTC: {printable(project.problem)}"
    for name, path in {"warehouse": home.warehouse, "tables": home.tables, "history": home.histories}.items():
        yield f"{name:<10} {path}"
    yield f"{'landing':<10} {home.landing}"


def _scope_lines(scope: ScopeState, now: datetime) -> Iterator[str]:
    yield f"scope {printable(scope.scope)}{' (synthetic data)' if scope.is_sandbox else ''}"
    if scope.as_of is None:
        yield "  no complete snapshot yet"
    else:
        yield f"  snapshot   {scope.snapshot_id}, {_age(now - scope.as_of)} old, complete: {scope.listed} backups"
        yield f"  policy     {printable(scope.policy_id)}"
    if scope.is_stale:
        yield f"  STALE      last attempt {_minute(scope.attempted_at)} UTC: {printable(scope.stale_reason)}"


def _change_lines(scope: ScopeState, changes: ScopeChanges) -> Iterator[str]:
    # Numbers of a stale scope must not look like numbers of now.
    as_of = f"as of {_minute(scope.as_of)} UTC: " if scope.is_stale and scope.as_of else ""
    yield f"  backups    {as_of}{changes.added} added, {changes.removed} removed since the previous snapshot"
    yield f"  changes    {as_of}{changes.new_failures} new failures, {changes.resolved} resolved since then"
    yield f"  results    {as_of}{changes.fails} failed, {changes.unknowns} unknown"


def _age(age: timedelta) -> str:
    hours = int(age.total_seconds() // 3600)
    return f"{hours // 24} d {hours % 24} h" if hours >= 48 else f"{hours} h" if hours else "less than 1 h"


def _minute(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M}"
