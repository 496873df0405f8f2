"""CBR v3 of the sandbox: ListBackups and ShowBackup over an estate.

Belongs here: filters, order, paging, and what the list leaves out. Does not belong here: the backups
(estate.py) or who may ask (iam.py).
"""

from collections.abc import Callable, Iterator, Sequence
from uuid import UUID

from pipelines.sandbox.answers import Answer, cbr_error, malformed_url
from pipelines.sandbox.store import Body, Store

Query = dict[str, list[str]]

MOST = 1000  # items a page
AS_KEPT = "created_at:asc,id:asc"  # the order that needs no sorting
SORT_KEYS = ("created_at", "updated_at", "name", "status", "protected_at", "id")
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
            limit, offset = _number(query, "limit", MOST, 1), _number(query, "offset", 0, 0)
            found = self._found(query)
            marker = _one(query, "marker")
            after = found.index(marker) + 1 if marker else 0
        except ValueError as error:
            return cbr_error(400, 9900, f"The parameter is invalid: {error}")
        limit = min(limit, MOST)
        with_records = _one(query, "show_replication") == "true"
        page = (self.backups.get(backup_id) for backup_id in found[after + offset :][:limit])
        items = [_item(body, with_records) for body in page if body is not None]
        return Answer(200, {"backups": items, "count": len(found), "offset": offset, "limit": limit})

    def _found(self, query: Query) -> Sequence[str]:
        """Return the ids that match, in the order asked for."""
        sort = _one(query, "sort") or "created_at:desc"
        if sort == AS_KEPT and not query.keys() & {*EQUAL, *RANGES, "incremental"}:
            return self.backups.ids()
        return [str(body["id"]) for body in _sorted(list(self._filtered(query)), sort)]

    def _filtered(self, query: Query) -> Iterator[Body]:
        equal = {key: query[key] for key in EQUAL if key in query}
        ranges = [(test, query[key][-1].rstrip("Z")) for key, test in RANGES.items() if key in query]
        incremental = _one(query, "incremental")
        for body in filter(None, map(self.backups.get, self.backups.ids())):
            if (
                all(str(body.get(key)) in wanted for key, wanted in equal.items())
                and all(test(str(body["created_at"]), bound) for test, bound in ranges)
                and (incremental is None or str(body.get("incremental")).lower() == incremental)
            ):
                yield body


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


def _number(query: Query, key: str, default: int, least: int) -> int:
    value = int(_one(query, key) or default)
    if value < least:
        raise ValueError(f"{key}={value}")
    return value
