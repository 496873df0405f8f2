"""Reads all clouds side by side: one thread for each scope, whose failure or standstill stops no other.

A cloud that stands for all projects of its user becomes one scope for each, as soon as IAM has listed them.
"""

from collections import deque
from concurrent.futures import FIRST_COMPLETED, Future, wait
from functools import partial

from pipelines.config import SANDBOX, Settings
from pipelines.extract.rate_limit import RateLimiters
from pipelines.extract.run import Progress, ScopeLocations, ScopeRun
from pipelines.extract.scope_result import ScopeResult, attempt_of, read_scope
from pipelines.extract.watchdog import run_in_background, stalled_error
from pipelines.landing.attempts import forget_attempts, lost_projects, write_attempt
from pipelines.storage.files import disk_errors
from pipelines.storage.home import Home

SANDBOX_RATE = 1e6  # requests a second: the sandbox of this process needs no limit
CHECK_SECONDS = 1.0  # between two checks for stalled scopes
MAX_RUNS = 32  # scopes that are read at the same time


def land_scopes(home: Home, settings: Settings, progress: Progress) -> list[ScopeResult]:
    """Read every cloud of the settings side by side; return a result for each scope, in their order.

    A scope that makes no progress is cancelled: neither the others nor the home wait for it.
    """
    readings = _Readings(home, settings, progress)
    try:
        while readings.wait():
            pass
    finally:
        readings.cancel()
    return readings.results()


class _Readings:
    """The scopes that wait, those that are read, and how the reading of the others ended."""

    def __init__(self, home: Home, settings: Settings, progress: Progress) -> None:
        """Begin with the clouds of the settings; nothing is read yet."""
        self._home, self._settings, self._progress = home, settings, progress
        self._limiters = RateLimiters(settings.reading.requests_per_second)
        self._sandbox_limiters = RateLimiters(SANDBOX_RATE)
        self._locations = ScopeLocations(home)
        self._waiting: deque[tuple[str, str | None]] = deque((cloud, None) for cloud in settings.clouds)
        self._pending: dict[Future[ScopeResult | list[str]], ScopeRun] = {}
        self._projects: dict[str, list[str]] = {}  # cloud -> its scopes
        self._results: dict[str, ScopeResult] = {}

    def wait(self) -> bool:
        """Wait until a reading ends or a second has passed. Return False if none is left."""
        while self._waiting and len(self._pending) < MAX_RUNS:
            self._start(*self._waiting.popleft())
        done, _ = wait(self._pending, timeout=CHECK_SECONDS, return_when=FIRST_COMPLETED)
        for future, run in list(self._pending.items()):
            if future in done:
                outcome = future.result()
            elif run.watchdog.is_stalled:
                run.cancel()
                # It may have ended by itself before it was cancelled.
                stalled = ScopeResult(run.scope, problem=stalled_error(run.scope))
                outcome = future.result() if future.done() else stalled
            else:
                continue
            del self._pending[future]
            with disk_errors(self._home.path):
                if isinstance(outcome, ScopeResult):
                    self._record(run, outcome)
                else:
                    self._add_projects(run.scope, outcome)
        return bool(self._waiting or self._pending)

    def cancel(self) -> None:
        """Cancel what is still read."""
        for run in self._pending.values():
            run.cancel()

    def results(self) -> list[ScopeResult]:
        """Return the results in the order of the clouds, each project in the place of its cloud."""
        scopes = (scope for cloud in self._settings.clouds for scope in self._projects.get(cloud, [cloud]))
        return [self._results[scope] for scope in scopes]

    def _start(self, scope: str, entry: str | None) -> None:
        limiters = self._sandbox_limiters if scope == SANDBOX else self._limiters
        run = ScopeRun(self._home, scope, self._settings.reading, limiters, self._locations, self._progress, entry)
        self._pending[run_in_background(f"scope {scope}", partial(read_scope, run))] = run

    def _record(self, run: ScopeRun, result: ScopeResult) -> None:
        self._results[run.scope] = result
        write_attempt(self._home, attempt_of(run, result))
        if result.snapshot and run.entry is None:
            forget_attempts(self._home, run.scope, self._settings.clouds)  # of its projects, when it named none

    def _add_projects(self, cloud: str, listed: list[str]) -> None:
        """Let the projects of a cloud wait, apart from those that are clouds of the settings themselves.

        What was read before and is not listed any more is tried too, so that its loss is a failure.
        """
        scopes = [*listed, *lost_projects(self._home, cloud, listed)]
        forget_attempts(self._home, cloud, {*scopes, *self._settings.clouds} - {cloud})
        self._projects[cloud] = [scope for scope in scopes if scope not in self._settings.clouds]
        self._waiting.extend((scope, cloud) for scope in self._projects[cloud])
