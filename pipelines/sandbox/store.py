"""The backups that the sandbox has: held in memory, or made when they are asked for.

Belongs here: keeping bodies in the order of creation, and changing what is kept while somebody pages through
it. Bodies are as ShowBackup sends them.
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


class Held:
    """Bodies in memory, which may come and go."""

    def __init__(self, bodies: Iterable[Body]) -> None:
        """Take the bodies in any order."""
        self._bodies = {str(body["id"]): body for body in bodies}
        self._order = sorted((_key(body), backup_id) for backup_id, body in self._bodies.items())
        self._ids = [backup_id for _, backup_id in self._order]

    def ids(self) -> Sequence[str]:
        """Return all ids, oldest backup first."""
        return self._ids

    def get(self, backup_id: str) -> Body | None:
        """Return the body of one backup."""
        return self._bodies.get(backup_id)

    def add(self, body: Body) -> None:
        """Put a backup in, or another body in the place of the one with its id."""
        self.remove(str(body["id"]))
        entry = (_key(body), str(body["id"]))
        at = bisect_left(self._order, entry)
        self._order.insert(at, entry)
        self._ids = [*self._ids[:at], entry[1], *self._ids[at:]]
        self._bodies[entry[1]] = body

    def remove(self, backup_id: str) -> None:
        """Take a backup out, if it is there."""
        body = self._bodies.pop(backup_id, None)
        if body is not None:
            self._order.remove((_key(body), backup_id))
            self._ids = [other for other in self._ids if other != backup_id]


class Numbered:
    """So many bodies, each made from its number when it is asked for, and kept by nobody."""

    def __init__(self, count: int, make: Callable[[int], Body], id_of: Callable[[int], str]) -> None:
        """`make` gives body number n, oldest first; `id_of` its id."""
        self._numbers = {id_of(number): number for number in range(count)}
        self._ids = list(self._numbers)
        self._make = make

    def ids(self) -> Sequence[str]:
        """Return all ids, oldest backup first."""
        return self._ids

    def get(self, backup_id: str) -> Body | None:
        """Return the body of one backup."""
        number = self._numbers.get(backup_id)
        return None if number is None else self._make(number)


def _key(body: Body) -> str:
    return str(body.get("created_at") or "")
