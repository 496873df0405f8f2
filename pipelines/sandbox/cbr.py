"""CBR v3 of the sandbox: ListBackups and ShowBackup over an estate.

Belongs here: filters, order, paging, and what the list leaves out. Does not belong here: the backups
(estate.py) or who may ask (iam.py).
"""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from uuid import UUID

from pipelines.sandbox.answers import Answer, cbr_error, malformed_url
from pipelines.sandbox.store import Body, Store

Query = dict[str, list[str]]

MOST = 1000  # items a page
AS_KEPT = "created_at:asc,id:asc"  # the order that needs no sorting
SORT_KEYS = ("created_at", "updated_at", "name", "status", "protected_at", "id")
VAULT_GB = 40_000  # the capacity of every vault
_TIME = "%Y-%m-%dT%H:%M:%S"
ALL_PROJECTS = "all_granted_eps"  # in the place of an enterprise project
# Filters that compare a field of the item; `status` may be said more than once.
EQUAL = (
    "checkpoint_id",
    "image_type",
    "name",
    "parent_id",
    "resource_az",
    "resource_id",
    "resource_name",
    "resource_type",
    "status",
    "vault_id",
    "enterprise_project_id",
)
RANGES: dict[str, Callable[[str, str], bool]] = {
    "start_time": lambda created, bound: created >= bound,
    "end_time": lambda created, bound: created <= bound,
}
# `dec` is checked and has no effect: it only works in a dedicated cloud.
CHOICES = {
    "dec": ("true", "false"),
    "incremental": ("true", "false"),
    "show_replication": ("true", "false"),
    "own_type": ("private", "shared", "all_granted"),
    "member_status": ("pending", "accepted", "rejected"),
}
FILTERS = {*EQUAL, *RANGES, "incremental", "own_type", "member_status", "used_percent"}


class Cbr:
    """Answers for the backups of one project."""

    def __init__(self, backups: Store) -> None:
        """`backups` are bodies as ShowBackup sends them."""
        self.backups = backups

    def show(self, backup_id: str) -> Answer:
        """Answer ShowBackup."""
        body = self.backups.get(backup_id)
        if body is not None:
            return Answer(200, {"backup": body})
        try:
            UUID(backup_id)
        except ValueError:
            return malformed_url()
        return cbr_error(404, 6200, f"Backup {backup_id} does not exist.")

    def list(self, query: Query) -> Answer:
        """Answer ListBackups."""
        try:
            _check_choices(query)
            limit, offset = _number(query, "limit", MOST, 1), _number(query, "offset", 0, 0)
            ids, get = self._listable(query)
            found = self._found(query, ids, get)
            marker = _one(query, "marker")
            after = found.index(marker) + 1 if marker else 0
        except ValueError as error:
            return cbr_error(400, 9900, f"The parameter is invalid: {error}")
        limit = min(limit, MOST)
        with_records = _one(query, "show_replication") == "true"
        page = (get(backup_id) for backup_id in found[after + offset :][:limit])
        items = [_item(body, with_records) for body in page if body is not None]
        return Answer(200, {"backups": items, "count": len(found), "offset": offset, "limit": limit})

    def _listable(self, query: Query) -> tuple[Sequence[str], Callable[[str], Body | None]]:
        """Return the ids that filters choose from, and what gives their bodies.

        They are the whole backups; where `parent_id` is given, the parts of them, which no other list shows.
        """
        if "parent_id" not in query:
            return self.backups.ids(), self.backups.get
        parts = {str(part["id"]): part for body in self._bodies() for part in _parts(body)}
        return list(parts), parts.get

    def _bodies(self) -> Iterator[Body]:
        return filter(None, map(self.backups.get, self.backups.ids()))

    def _found(self, query: Query, ids: Sequence[str], get: Callable[[str], Body | None]) -> Sequence[str]:
        """Return the ids that match, in the order asked for."""
        sort = _one(query, "sort") or "created_at:desc"
        if sort == AS_KEPT and not query.keys() & FILTERS:
            return ids
        # No backup is shared with this project, or by it: there is no sharing that could have a status.
        if _one(query, "own_type") == "shared" or "member_status" in query:
            return []
        bodies = self._filtered(query, filter(None, map(get, ids)))
        return [str(body["id"]) for body in _sorted(list(bodies), sort)]

    def _filtered(self, query: Query, bodies: Iterator[Body]) -> Iterator[Body]:
        equal = {key: query[key] for key in EQUAL if key in query}
        if ALL_PROJECTS in equal.get("enterprise_project_id", ()):
            del equal["enterprise_project_id"]
        ranges = [(test, _instant(query, key)) for key, test in RANGES.items() if key in query]
        incremental = _one(query, "incremental")
        vaults = self._vaults_used(_number(query, "used_percent", 1, 1, 100)) if "used_percent" in query else None
        for body in bodies:
            if (
                all(str(body.get(key)) in wanted for key, wanted in equal.items())
                and all(test(str(body["created_at"]), bound) for test, bound in ranges)
                and (incremental is None or str(body.get("incremental")).lower() == incremental)
                and (vaults is None or body.get("vault_id") in vaults)
            ):
                yield body

    def _vaults_used(self, percent: int) -> set[str]:
        """Return the vaults of whose capacity at least so much is taken by the resources that they hold."""
        used: Counter[str] = Counter()
        for body in self._bodies():
            used[body.get("vault_id", "")] += int(body.get("resource_size") or 0)
        return {vault for vault, size in used.items() if size * 100 >= percent * VAULT_GB}


def _parts(body: Body) -> Iterator[Body]:
    """Yield the backups inside a backup, at every depth."""
    for part in body.get("children") or ():
        yield part
        yield from _parts(part)


def _item(body: Body, with_records: bool) -> Body:
    """Return what the list says of a backup: no children, no enterprise project, records only when asked."""
    left_out = {"enterprise_project_id", *(() if with_records else ("replication_records",))}
    return {key: value for key, value in body.items() if key not in left_out} | {"children": []}


def _sorted(found: list[Body], sort: str) -> list[Body]:
    """Order by `key[:asc|desc],...`; no direction means desc."""
    for step in reversed(sort.split(",")):
        key, _, direction = step.partition(":")
        if key not in SORT_KEYS or direction not in ("", "asc", "desc"):
            raise ValueError(f"sort={sort}")
        found.sort(key=lambda body: str(body.get(key) or ""), reverse=direction != "asc")
    return found


def _one(query: Query, key: str) -> str | None:
    return query[key][-1] if key in query else None


def _number(query: Query, key: str, default: int, least: int, most: int | None = None) -> int:
    value = int(_one(query, key) or default)
    if value < least or (most is not None and value > most):
        raise ValueError(f"{key}={value}")
    return value


def _instant(query: Query, key: str) -> str:
    """Return a time of the query as bodies write theirs."""
    return datetime.strptime(query[key][-1], f"{_TIME}Z").replace(tzinfo=UTC).strftime(_TIME)


def _check_choices(query: Query) -> None:
    for key, choices in CHOICES.items():
        if key in query and query[key][-1] not in choices:
            raise ValueError(f"{key}={query[key][-1]}")
