"""Probes all clouds side by side, for the command `check`. Which calls are tried is in probe.py."""

from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial

from pipelines import clock
from pipelines.config import ReadSettings
from pipelines.contract.inputs import FAILED, GRANTED, NOT_GRANTED
from pipelines.errors import NotGrantedError, WarehouseError
from pipelines.extract.login import open_scope
from pipelines.extract.probe import BACKUPS, Probe, login_probe, probe_scope
from pipelines.extract.projects import find_projects
from pipelines.extract.rate_limit import RateLimiters
from pipelines.extract.redactor import Redactor
from pipelines.extract.watchdog import Watchdog, run_in_background

RETRY_SECONDS = 5.0  # of each request: the command answers in seconds
DEADLINE_SECONDS = 60.0  # of all


@dataclass(frozen=True, slots=True)
class CloudProbes:
    """The probes of one cloud, or of a project that IAM listed for `entry`."""

    cloud: str
    entry: str | None
    probes: list[Probe]

    @property
    def is_readable(self) -> bool:
        """Whether all calls that backups need are granted."""
        return all(probe.status == GRANTED for probe in self.probes if probe.name == BACKUPS)

    @property
    def is_refused(self) -> bool:
        """Whether this is a project that IAM listed and that the user may not read."""
        return self.entry is not None and self.probes[0].status == NOT_GRANTED


@dataclass(frozen=True, slots=True)
class _Check:
    """The thread that probes a cloud. It ends with the probes, or with the checks of the projects of the cloud."""

    cloud: str
    entry: str | None
    future: "Future[CloudProbes | list[_Check]]"


class _Checker:
    """Starts checks. They share the rate limits."""

    def __init__(self, settings: ReadSettings) -> None:
        self.watchdog = Watchdog()
        self._settings = replace(settings, retry_seconds=min(settings.retry_seconds, RETRY_SECONDS))
        self._limiters = RateLimiters(settings.requests_per_second)

    def start(self, cloud: str, entry: str | None = None) -> _Check:
        return _Check(cloud, entry, run_in_background(f"check {cloud}", partial(self._check, cloud, entry)))

    def _check(self, cloud: str, entry: str | None) -> CloudProbes | list[_Check]:
        try:
            if entry is None:
                projects = find_projects(cloud, self._settings, self.watchdog, Redactor())
                if projects is not None:
                    return [self.start(project, entry=cloud) for project in projects]
            with open_scope(cloud, self._settings, watchdog=self.watchdog) as scope:
                probes = probe_scope(scope, self._settings, self._limiters, self.watchdog)
        except NotGrantedError as error:
            probes = [login_probe(str(error), NOT_GRANTED if entry else FAILED)]
        except WarehouseError as error:
            probes = [login_probe(str(error))]
        return CloudProbes(cloud, entry, probes)


def check_clouds(clouds: tuple[str, ...], settings: ReadSettings) -> Iterator[CloudProbes]:
    """Yield the probes of each cloud, in their order, side by side. A cloud that gives no answer in time has failed.

    In the place of a cloud that stands for all projects of its user, yield those of each project.
    """
    checker = _Checker(settings)
    pending = deque(checker.start(cloud) for cloud in clouds)
    deadline = clock.utc_now() + timedelta(seconds=DEADLINE_SECONDS)
    try:
        while pending:
            check = pending.popleft()
            try:
                outcome = check.future.result(max((deadline - clock.utc_now()).total_seconds(), 0.0))
            except TimeoutError:
                no_answer = login_probe(f"no answer in {DEADLINE_SECONDS:g} s")
                outcome = CloudProbes(check.cloud, check.entry, [no_answer])
            if isinstance(outcome, CloudProbes):
                yield outcome
            else:
                pending.extendleft(reversed(outcome))
    finally:
        checker.watchdog.cancel()
