"""The query of ListBackups in the sandbox: which parameters are valid, which backups match, in which order."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime

from pipelines.sandbox.store import Body

Query = dict[str, list[str]]

SORT_KEYS = ("created_at", "updated_at", "name", "status", "protected_at", "id")
VAULT_GB = 40_000  # the capacity of every vault
_TIME = "%Y-%m-%dT%H:%M:%S"
ALL_PROJECTS = "all_granted_eps"  # a value of enterprise_project_id
# Filters by a field of the item; `status` may be given more than once.
FIELD_FILTERS = (
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
TIME_FILTERS: dict[str, Callable[[str, str], bool]] = {
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
FILTERS = {*FIELD_FILTERS, *TIME_FILTERS, "incremental", "own_type", "member_status", "used_percent"}


def matching(query: Query, bodies: Iterable[Body], all_bodies: Callable[[], Iterable[Body]]) -> Iterator[Body]:
    """Yield those of `bodies` that match the filters. `all_bodies` returns all backups, for the use of their vaults.

    Raise ValueError if a parameter is not valid.
    """
    fields = {key: query[key] for key in FIELD_FILTERS if key in query}
    if ALL_PROJECTS in fields.get("enterprise_project_id", ()):
        del fields["enterprise_project_id"]
    times = [(is_within, _time(query, key)) for key, is_within in TIME_FILTERS.items() if key in query]
    incremental = last_value(query, "incremental")
    vaults = (
        _vaults_by_use(all_bodies(), integer(query, "used_percent", 1, 1, 100)) if "used_percent" in query else None
    )
    for body in bodies:
        if (
            all(str(body.get(key)) in values for key, values in fields.items())
            and all(is_within(str(body["created_at"]), bound) for is_within, bound in times)
            and (incremental is None or str(body.get("incremental")).lower() == incremental)
            and (vaults is None or body.get("vault_id") in vaults)
        ):
            yield body


def sort_bodies(bodies: list[Body], order: str) -> list[Body]:
    """Sort by `key[:asc|desc],...`; the default is desc. Raise ValueError if `order` is not valid."""
    for step in reversed(order.split(",")):
        key, _, direction = step.partition(":")
        if key not in SORT_KEYS or direction not in ("", "asc", "desc"):
            raise ValueError(f"sort={order}")
        bodies.sort(key=lambda body: str(body.get(key) or ""), reverse=direction != "asc")
    return bodies


def check_choices(query: Query) -> None:
    """Raise ValueError if a parameter with fixed values has another one."""
    for key, choices in CHOICES.items():
        if key in query and query[key][-1] not in choices:
            raise ValueError(f"{key}={query[key][-1]}")


def last_value(query: Query, key: str) -> str | None:
    """Return the last value of a parameter, or None if it is not given."""
    return query[key][-1] if key in query else None


def integer(query: Query, key: str, default: int, minimum: int, maximum: int | None = None) -> int:
    """Return the number of a parameter. Raise ValueError if it is none, or out of range."""
    value = int(last_value(query, key) or default)
    if value < minimum or (maximum is not None and value > maximum):
        raise ValueError(f"{key}={value}")
    return value


def _vaults_by_use(bodies: Iterable[Body], percent: int) -> set[str]:
    """Return the vaults of whose capacity at least `percent` is taken by the resources in them."""
    used: Counter[str] = Counter()
    for body in bodies:
        used[body.get("vault_id", "")] += int(body.get("resource_size") or 0)
    return {vault for vault, size in used.items() if size * 100 >= percent * VAULT_GB}


def _time(query: Query, key: str) -> str:
    """Return a time of the query in the form of `created_at`."""
    return datetime.strptime(query[key][-1], f"{_TIME}Z").replace(tzinfo=UTC).strftime(_TIME)
