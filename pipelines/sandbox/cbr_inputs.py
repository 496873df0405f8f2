"""The calls of the sandbox beside ListBackups and ShowBackup, with the traps of the real ones.

ListProtectable counts pages where it lists servers, and its pages 0 and 1 are the same; tasks are kept for 30 days and
traces for 7; traces have a marker instead of an offset. An account without an inventory may send none of these calls.
"""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from pipelines import clock
from pipelines.sandbox.filters import Query, integer, last_value
from pipelines.sandbox.inventory import Body, Inventory
from pipelines.sandbox.responses import FORBIDDEN, NO_SUCH_API, Response, cbr_error

TASKS_KEPT, TRACES_KEPT = timedelta(days=30), timedelta(days=7)
MAX_PROTECTABLES, MAX_TRACES, DEFAULT_TRACES = 50, 200, 10
_CALLS = ("vaults", "policies", "protectables", "operation-logs", "checkpoints", "traces")


class CbrInputs:
    """The inputs of one project."""

    def __init__(self, inventory: Inventory | None = None) -> None:
        """Refuse every call if there is no `inventory`."""
        self.inventory = inventory

    def respond(self, path: Sequence[str], query: Query) -> Response:
        """Return the response to a request for `path` below the project."""
        if self.inventory is None:
            return FORBIDDEN if path[0] in _CALLS else NO_SUCH_API
        try:
            match list(path):
                case ["vaults"]:
                    return _page("vaults", self.inventory.vaults, query)
                case ["policies"]:
                    return _page("policies", self.inventory.policies, query)
                case ["protectables", kind, "instances"]:
                    return self._protectables(kind, query)
                case ["operation-logs"]:
                    return self._operations(query)
                case ["checkpoints", checkpoint_id]:
                    body = self.inventory.checkpoints.get(checkpoint_id)
                    missing = cbr_error(404, 6217, f"Restore point {checkpoint_id} does not exist.")
                    return missing if body is None else Response(200, {"checkpoint": body})
                case ["traces"]:
                    return self._traces(query)
        except ValueError as error:
            return cbr_error(400, 9900, f"The parameter is invalid: {error}")
        return NO_SUCH_API

    def _protectables(self, kind: str, query: Query) -> Response:
        bodies = self.inventory.protectables.get(kind, []) if self.inventory else []
        limit = min(integer(query, "limit", MAX_PROTECTABLES, 1), MAX_PROTECTABLES)
        offset = integer(query, "offset", 0, 0)
        start = max(offset - 1, 0) * limit if kind == "server" else offset
        return Response(200, {"instances": bodies[start : start + limit], "count": len(bodies)})

    def _operations(self, query: Query) -> Response:
        oldest = clock.utc_now() - TASKS_KEPT
        if start := last_value(query, "start_time"):
            oldest = max(oldest, datetime.strptime(start, "%Y-%m-%dT%H:%M:%SZ"))  # noqa: DTZ007 - naive UTC
        operations = self.inventory.operations if self.inventory else []
        return _page("operation_logs", [body for body in operations if body["started_at"] >= oldest.isoformat()], query)

    def _traces(self, query: Query) -> Response:
        if last_value(query, "trace_type") != "system":
            raise ValueError("trace_type")
        oldest = _milliseconds(clock.utc_now() - TRACES_KEPT)
        begin, end = (integer(query, name, 0, 0) for name in ("from", "to"))
        if not (begin and end):
            raise ValueError("from and to")
        events = self.inventory.events if self.inventory else []
        recent = [event for event in events if max(begin, oldest) <= event["time"] <= end]
        newest_first = sorted(recent, key=lambda event: (-int(event["time"]), str(event["trace_id"])))
        ids = [event["trace_id"] for event in newest_first]
        marker = last_value(query, "next")
        start = ids.index(marker) + 1 if marker else 0
        limit = min(integer(query, "limit", DEFAULT_TRACES, 1), MAX_TRACES)
        page = newest_first[start : start + limit]
        meta = {"count": len(page), "marker": page[-1]["trace_id"] if page else None}
        return Response(200, {"traces": page, "meta_data": meta})


def _page(name: str, bodies: list[Body], query: Query) -> Response:
    limit, offset = min(integer(query, "limit", 1000, 1), 1000), integer(query, "offset", 0, 0)
    page = bodies[offset : offset + limit]
    return Response(200, {name: page, "count": len(bodies), "offset": offset, "limit": limit})


def _milliseconds(moment: datetime) -> int:
    return int(moment.replace(tzinfo=UTC).timestamp() * 1000)
