"""Trying every call of every cloud with one small request each, without writing anything: the command `check`."""

from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, timedelta
from functools import partial

from pipelines import clock
from pipelines.config import ReadSettings
from pipelines.contract.inputs import FAILED, GRANTED, INPUTS, NOT_GRANTED
from pipelines.errors import WarehouseError
from pipelines.extract.client import Client
from pipelines.extract.login import open_scope
from pipelines.extract.rate_limit import RateLimiters
from pipelines.extract.responses import ForbiddenError, NotFoundError
from pipelines.extract.scope import Scope
from pipelines.extract.watchdog import Watchdog, run_in_background

BACKUPS = "backups"  # without them nothing can be read
RETRY_SECONDS = 5.0  # of each request: the command answers in seconds
DEADLINE_SECONDS = 60.0  # of all
_NO_ID = "00000000-0000-0000-0000-000000000000"


@dataclass(frozen=True, slots=True)
class Probe:
    """How one call of a cloud was answered."""

    cloud: str
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


def probe_clouds(clouds: tuple[str, ...], settings: ReadSettings) -> Iterator[list[Probe]]:
    """Yield the probes of each cloud, in their order, side by side. A cloud that gives no answer in time has failed."""
    limiters, watchdog = RateLimiters(settings.requests_per_second), Watchdog()
    quick = replace(settings, retry_seconds=min(settings.retry_seconds, RETRY_SECONDS))
    pending: list[tuple[str, Future[list[Probe]]]] = [
        (cloud, run_in_background(f"check {cloud}", partial(_probe_cloud, cloud, quick, limiters, watchdog)))
        for cloud in clouds
    ]
    deadline = clock.utc_now() + timedelta(seconds=DEADLINE_SECONDS)
    try:
        for cloud, future in pending:
            with suppress(TimeoutError):
                yield future.result(max((deadline - clock.utc_now()).total_seconds(), 0.0))
                continue
            yield [_failed(cloud, f"no answer in {DEADLINE_SECONDS:g} s")]
    finally:
        watchdog.cancel()


def _probe_cloud(cloud: str, settings: ReadSettings, limiters: RateLimiters, watchdog: Watchdog) -> list[Probe]:
    try:
        with open_scope(cloud, settings, watchdog=watchdog) as scope:
            return [_probe(scope, call, settings, limiters, watchdog) for call in _calls()]
    except WarehouseError as error:
        return [_failed(cloud, str(error))]


def _probe(scope: Scope, call: _Call, settings: ReadSettings, limiters: RateLimiters, watchdog: Watchdog) -> Probe:
    probe = Probe(scope.name, call.call, call.name, GRANTED, call.permission, call.purpose)
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


def _failed(cloud: str, problem: str) -> Probe:
    return Probe(cloud, "log in", BACKUPS, FAILED, "", "", problem)
