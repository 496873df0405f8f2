"""How the last reading of each scope ended: `attempt.json` in the scope's folder of the landing."""

from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pipelines.errors import StorageError
from pipelines.landing.manifest import MANIFEST, Snapshot, newest_complete
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
    entry: str | None = None  # of clouds.yaml, if the scope is a project that IAM listed for it
    is_granted: bool = True  # false for a listed project that the user may not read, and of which nothing was ever read


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
            entry = attempt.entry if attempt else None
            attempts[snapshot.scope] = Attempt(snapshot.scope, snapshot.finished_at, None, entry=entry)
    return [attempts[scope] for scope in sorted(attempts)]


def select_attempts(attempts: Iterable[Attempt], clouds: Iterable[str]) -> list[Attempt]:
    """Return the attempts of `clouds` and of the projects that IAM listed for them."""
    names = set(clouds)
    return [attempt for attempt in attempts if attempt.scope in names or attempt.entry in names]


def previous_attempt(home: Home, scope: str) -> Attempt | None:
    """Return how the last reading of a scope ended, or None if that is not known."""
    with suppress(StorageError):
        return read_manifest(home.landed_scope(scope) / ATTEMPT, Attempt, _HINT)
    return None


def was_read(home: Home, scope: str) -> bool:
    """Tell whether a snapshot of a scope was ever landed."""
    return any(home.landed_scope(scope).glob(f"*/{MANIFEST}"))


def lost_projects(home: Home, entry: str, listed: Iterable[str]) -> list[str]:
    """Return the projects of an entry that were read before and are not among those that are `listed` now."""
    return sorted({scope for scope in _projects_of(home, entry) if was_read(home, scope)} - set(listed))


def forget_attempts(home: Home, entry: str, scopes: Iterable[str]) -> None:
    """Remove the attempts of an entry and its projects, apart from those of `scopes`."""
    for scope in {entry, *_projects_of(home, entry)} - set(scopes):
        (home.landed_scope(scope) / ATTEMPT).unlink(missing_ok=True)


def _projects_of(home: Home, entry: str) -> Iterator[str]:
    """Yield each scope that was a project of an entry when it was last read."""
    for path in home.landing.glob(f"*/{ATTEMPT}"):
        with suppress(StorageError):
            attempt = read_manifest(path, Attempt, _HINT)
            if attempt and attempt.entry == entry:
                yield attempt.scope


def scope_status(attempt: Attempt, snapshots: list[Snapshot]) -> dict[str, Any]:
    """Return the row of meta.scopes: how the last reading ended, and the snapshot that is current."""
    of_scope = [snapshot for snapshot in snapshots if snapshot.scope == attempt.scope]
    current = next(iter(newest_complete(of_scope)), None)
    newer_reason = of_scope[-1].incomplete_reason if of_scope and of_scope[-1] is not current else None
    return {
        "scope": attempt.scope,
        "attempted_at": attempt.at,
        "problem": attempt.problem or newer_reason,
        "is_granted": attempt.is_granted,
        "snapshot_id": current.snapshot_id if current else None,
    }
