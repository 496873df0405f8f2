"""CBR v3 of the sandbox: ListBackups and ShowBackup over a store of backups.

Paging and what the list leaves out are here; filters and sorting are in filters.py, access in service.py.
"""

from collections.abc import Callable, Iterator, Sequence
from uuid import UUID

from pipelines.sandbox.filters import FILTERS, Query, check_choices, integer, last_value, matching, sort_bodies
from pipelines.sandbox.responses import Response, cbr_error, malformed_url
from pipelines.sandbox.store import Body, Store

MAX_PAGE_SIZE = 1000
STORE_ORDER = "created_at:asc,id:asc"  # the order of a store, which needs no sorting


class Cbr:
    """The backups of one project."""

    def __init__(self, backups: Store) -> None:
        """`backups` are bodies as ShowBackup sends them."""
        self.backups = backups

    def show(self, backup_id: str) -> Response:
        """Return the response of ShowBackup."""
        body = self.backups.get(backup_id)
        if body is not None:
            return Response(200, {"backup": body})
        try:
            UUID(backup_id)
        except ValueError:
            return malformed_url()
        return cbr_error(404, 6200, f"Backup {backup_id} does not exist.")

    def list(self, query: Query) -> Response:
        """Return the response of ListBackups."""
        try:
            check_choices(query)
            limit, offset = integer(query, "limit", MAX_PAGE_SIZE, 1), integer(query, "offset", 0, 0)
            candidate_ids, get = self._candidates(query)
            ids = self._matching_ids(query, candidate_ids, get)
            marker = last_value(query, "marker")
            start = ids.index(marker) + 1 if marker else 0
        except ValueError as error:
            return cbr_error(400, 9900, f"The parameter is invalid: {error}")
        limit = min(limit, MAX_PAGE_SIZE)
        with_records = last_value(query, "show_replication") == "true"
        page = (get(backup_id) for backup_id in ids[start + offset :][:limit])
        items = [_list_item(body, with_records) for body in page if body is not None]
        return Response(200, {"backups": items, "count": len(ids), "offset": offset, "limit": limit})

    def _candidates(self, query: Query) -> tuple[Sequence[str], Callable[[str], Body | None]]:
        """Return the ids to filter, and what returns their bodies.

        They are those of whole backups; with `parent_id`, those of the backups inside them, which no other list shows.
        """
        if "parent_id" not in query:
            return self.backups.ids(), self.backups.get
        children = {str(child["id"]): child for body in self._bodies() for child in _descendants(body)}
        return list(children), children.get

    def _bodies(self) -> Iterator[Body]:
        return filter(None, map(self.backups.get, self.backups.ids()))

    def _matching_ids(self, query: Query, ids: Sequence[str], get: Callable[[str], Body | None]) -> Sequence[str]:
        """Return the ids that match the filters, in the order of the query."""
        order = last_value(query, "sort") or "created_at:desc"
        if order == STORE_ORDER and not query.keys() & FILTERS:
            return ids
        # No backup is shared with this project, or by it: no sharing has a status.
        if last_value(query, "own_type") == "shared" or "member_status" in query:
            return []
        bodies = matching(query, filter(None, map(get, ids)), self._bodies)
        return [str(body["id"]) for body in sort_bodies(list(bodies), order)]


def _descendants(body: Body) -> Iterator[Body]:
    """Yield the backups inside a backup, at every depth."""
    for child in body.get("children") or ():
        yield child
        yield from _descendants(child)


def _list_item(body: Body, with_records: bool) -> Body:
    """Return what the list says of a backup: no children, no enterprise project, records only if requested."""
    omitted = {"enterprise_project_id", *(() if with_records else ("replication_records",))}
    return {key: value for key, value in body.items() if key not in omitted} | {"children": []}
