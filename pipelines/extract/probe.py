"""Tries every call of one scope with one small request each, without writing anything.

The command `check` does so for all clouds side by side: that is in check.py.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC

from pipelines import clock
from pipelines.config import ReadSettings
from pipelines.contract.inputs import FAILED, GRANTED, INPUTS, NOT_GRANTED
from pipelines.errors import WarehouseError
from pipelines.extract.client import Client
from pipelines.extract.rate_limit import RateLimiters
from pipelines.extract.responses import ForbiddenError, NotFoundError
from pipelines.extract.scope import Scope
from pipelines.extract.watchdog import Watchdog

BACKUPS = "backups"  # without them nothing can be read
_NO_ID = "00000000-0000-0000-0000-000000000000"


@dataclass(frozen=True, slots=True)
class Probe:
    """How one call of a cloud was answered."""

    call: str
    name: str  # of the input
    status: str
    permission: str
    purpose: str
    problem: str = ""


@dataclass(frozen=True, slots=True)
class _Call:
    name: str
    call: str
    path: str
    permission: str
    purpose: str


def probe_scope(scope: Scope, settings: ReadSettings, limiters: RateLimiters, watchdog: Watchdog) -> list[Probe]:
    """Return how each call of an open scope is answered."""
    return [_probe(scope, call, settings, limiters, watchdog) for call in _calls()]


def login_probe(problem: str, status: str = FAILED) -> Probe:
    """Return the probe of a cloud that could not be opened."""
    return Probe("log in", BACKUPS, status, "", "", problem)


def _probe(scope: Scope, call: _Call, settings: ReadSettings, limiters: RateLimiters, watchdog: Watchdog) -> Probe:
    probe = Probe(call.call, call.name, GRANTED, call.permission, call.purpose)
    url = scope.audit_url if call.name == "audit_events" else scope.url
    if url is None:
        return replace(probe, status=FAILED, problem="no endpoint of CTS is known: set cts_endpoint_override")
    client = Client(replace(scope, url=url), limiters.for_url(url), settings.retry_seconds, watchdog)
    try:
        client.get(call.path, lambda _: True)
    except ForbiddenError as error:
        return replace(probe, status=NOT_GRANTED, problem=str(error))
    except NotFoundError:
        return probe  # the restore point that was asked for does not exist, and that may be said
    except WarehouseError as error:
        return replace(probe, status=FAILED, problem=str(error))
    return probe


def _calls() -> Iterator[_Call]:
    yield _Call(BACKUPS, "ListBackups", "/backups?limit=1", "cbr:backups:list", "all other results")
    yield _Call(BACKUPS, "ShowBackup", f"/backups/{_NO_ID}", "cbr:backups:get", "disks, encryption and copies")
    now = int(clock.utc_now().replace(tzinfo=UTC).timestamp() * 1000)
    paths = {
        "vaults": "/vaults?limit=1",
        "policies": "/policies?limit=1",
        "protectables": "/protectables/server/instances?limit=1",
        "operations": "/operation-logs?limit=1",
        "checkpoints": f"/checkpoints/{_NO_ID}",
        "audit_events": f"/traces?trace_type=system&service_type=CBR&limit=1&from={now - 60_000}&to={now}",
    }
    for source in INPUTS:
        yield _Call(source.name, source.call, paths[source.name], source.permission, source.purpose)
