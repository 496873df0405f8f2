"""How the last reading of each scope ended: `attempt.json` in the scope's folder of the landing."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pipelines.errors import StorageError
from pipelines.landing.manifest import Snapshot, newest_complete
from pipelines.storage.home import Home
from pipelines.storage.manifests import read_manifest, write_manifest

ATTEMPT = "attempt.json"
_HINT = "Restore it from a copy, or remove it: the next run writes it anew."


@dataclass(frozen=True, slots=True)
class Attempt:
    """The end of one reading of a scope: a snapshot, or a problem."""

    scope: str
    at: datetime
    problem: str | None
    transient: bool = False  # the problem may go away by itself
    failures: int = 0  # consecutive readings without a snapshot, this one included


def write_attempt(home: Home, attempt: Attempt) -> None:
    """Record how the reading of a scope ended."""
    write_manifest(home.landed_scope(attempt.scope) / ATTEMPT, attempt)


def read_attempts(home: Home, snapshots: list[Snapshot]) -> list[Attempt]:
    """Return how the last reading of each scope ended, by scope.

    `snapshots` are all that are landed: a run that was killed may have landed one without an attempt.
    """
    attempts: dict[str, Attempt] = {}
    for path in home.landing.glob(f"*/{ATTEMPT}"):
        if attempt := read_manifest(path, Attempt, _HINT):
            attempts[attempt.scope] = attempt
    for snapshot in snapshots:
        attempt = attempts.get(snapshot.scope)
        if attempt is None or attempt.at < snapshot.finished_at:
            attempts[snapshot.scope] = Attempt(snapshot.scope, snapshot.finished_at, None)
    return [attempts[scope] for scope in sorted(attempts)]


def previous_failures(home: Home, scope: str) -> int:
    """Return the number of consecutive readings of a scope that gave no snapshot, up to now."""
    try:
        attempt = read_manifest(home.landed_scope(scope) / ATTEMPT, Attempt, _HINT)
    except StorageError:
        return 0
    return attempt.failures if attempt else 0


def scope_status(attempt: Attempt, snapshots: list[Snapshot]) -> dict[str, Any]:
    """Return the row of meta.scopes: how the last reading ended, and the snapshot that is current."""
    of_scope = [snapshot for snapshot in snapshots if snapshot.scope == attempt.scope]
    current = next(iter(newest_complete(of_scope)), None)
    newer_reason = of_scope[-1].incomplete_reason if of_scope and of_scope[-1] is not current else None
    return {
        "scope": attempt.scope,
        "attempted_at": attempt.at,
        "problem": attempt.problem or newer_reason,
        "snapshot_id": current.snapshot_id if current else None,
    }
