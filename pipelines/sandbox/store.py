"""The backups that the sandbox serves: kept in memory, or generated when they are requested.

Bodies are as ShowBackup sends them, in the order of creation.
"""

from bisect import bisect_left
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Protocol

Body = dict[str, Any]


class Store(Protocol):
    """What ListBackups and ShowBackup read."""

    def ids(self) -> Sequence[str]:
        """Return all ids, oldest backup first."""

    def get(self, backup_id: str) -> Body | None:
        """Return the body of one backup."""


class MemoryStore:
    """Bodies in memory, which may be added and removed while they are read."""

    def __init__(self, bodies: Iterable[Body]) -> None:
        """Take the bodies in any order."""
        self._bodies = {str(body["id"]): body for body in bodies}
        self._order = sorted((_created_at(body), backup_id) for backup_id, body in self._bodies.items())
        self._ids = [backup_id for _, backup_id in self._order]

    def ids(self) -> Sequence[str]:
        """Return all ids, oldest backup first."""
        return self._ids

    def get(self, backup_id: str) -> Body | None:
        """Return the body of one backup."""
        return self._bodies.get(backup_id)

    def add(self, body: Body) -> None:
        """Add a backup, or replace the one with its id."""
        backup_id = str(body["id"])
        self.remove(backup_id)
        entry = (_created_at(body), backup_id)
        index = bisect_left(self._order, entry)
        self._order.insert(index, entry)
        self._ids = [*self._ids[:index], backup_id, *self._ids[index:]]
        self._bodies[backup_id] = body

    def remove(self, backup_id: str) -> None:
        """Remove a backup if it exists."""
        body = self._bodies.pop(backup_id, None)
        if body is not None:
            self._order.remove((_created_at(body), backup_id))
            self._ids = [other for other in self._ids if other != backup_id]


class GeneratedStore:
    """Bodies that are generated from their number each time they are requested."""

    def __init__(self, count: int, generate: Callable[[int], Body], id_of: Callable[[int], str]) -> None:
        """`generate` returns the body with a number, oldest first; `id_of` returns its id."""
        self._numbers = {id_of(number): number for number in range(count)}
        self._ids = list(self._numbers)
        self._generate = generate

    def ids(self) -> Sequence[str]:
        """Return all ids, oldest backup first."""
        return self._ids

    def get(self, backup_id: str) -> Body | None:
        """Return the body of one backup."""
        number = self._numbers.get(backup_id)
        return None if number is None else self._generate(number)


def _created_at(body: Body) -> str:
    return str(body.get("created_at") or "")
