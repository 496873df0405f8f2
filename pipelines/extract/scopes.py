"""Reads all clouds side by side: one thread for each scope, whose failure or standstill stops no other."""

import logging
import traceback
from concurrent.futures import FIRST_COMPLETED, Future, wait
from dataclasses import dataclass
from functools import partial

from pipelines import clock
from pipelines.config import SANDBOX, Settings
from pipelines.errors import ServiceError, WarehouseError
from pipelines.extract.rate_limit import RateLimiters
from pipelines.extract.run import Progress, ScopeLocations, ScopeRun
from pipelines.extract.snapshot import land_scope
from pipelines.extract.watchdog import run_in_background, stalled_error
from pipelines.landing.attempts import Attempt, previous_failures, write_attempt
from pipelines.landing.manifest import Snapshot
from pipelines.storage.files import disk_errors
from pipelines.storage.home import Home

_log = logging.getLogger(__name__)

SANDBOX_RATE = 1e6  # requests a second: the sandbox of this process needs no limit
CHECK_SECONDS = 1.0  # between two checks for stalled scopes


@dataclass(frozen=True, slots=True)
class ScopeResult:
    """How the reading of one scope ended: with a snapshot, or with the problem that prevented one."""

    scope: str
    snapshot: Snapshot | None = None
    problem: WarehouseError | None = None


def land_scopes(home: Home, settings: Settings, progress: Progress) -> list[ScopeResult]:
    """Read every cloud of the settings side by side; return a result for each, in their order.

    A scope that makes no progress is cancelled: neither the others nor the home wait for it.
    """
    limiters, sandbox_limiters = RateLimiters(settings.reading.requests_per_second), RateLimiters(SANDBOX_RATE)
    locations = ScopeLocations(home)
    runs = [
        ScopeRun(
            home,
            scope,
            settings.reading,
            sandbox_limiters if scope == SANDBOX else limiters,
            locations,
            progress,
        )
        for scope in settings.clouds
    ]
    results: dict[str, ScopeResult] = {}
    pending: dict[Future[ScopeResult], ScopeRun] = {}
    try:
        for run in runs:
            pending[run_in_background(f"scope {run.scope}", partial(_land, run))] = run
        while pending:
            done, _ = wait(pending, timeout=CHECK_SECONDS, return_when=FIRST_COMPLETED)
            for future, run in list(pending.items()):
                if future in done:
                    result = future.result()
                elif run.watchdog.is_stalled:
                    run.cancel()
                    # It may have ended by itself before it was cancelled.
                    stalled = ScopeResult(run.scope, problem=stalled_error(run.scope))
                    result = future.result() if future.done() else stalled
                else:
                    continue
                del pending[future]
                results[run.scope] = result
                with disk_errors(home.path):
                    write_attempt(home, _attempt(home, result))
    finally:
        for run in runs:
            run.cancel()
    return [results[scope] for scope in settings.clouds]


def _land(run: ScopeRun) -> ScopeResult:
    try:
        return ScopeResult(run.scope, land_scope(run))
    except WarehouseError as problem:
        return ScopeResult(run.scope, problem=problem)
    except Exception as error:  # an unexpected error must not stop the other scopes
        _log.debug("scope %r: %s", run.scope, run.redactor.clean(traceback.format_exc()))
        message = f"reading cloud {run.scope!r} failed unexpectedly ({type(error).__name__})"
        return ScopeResult(run.scope, problem=ServiceError(message, "Run again, and report it if it stays."))


def _attempt(home: Home, result: ScopeResult) -> Attempt:
    problem = result.problem
    if problem is None:
        return Attempt(result.scope, clock.utc_now(), None)
    failures = 1 + previous_failures(home, result.scope)
    return Attempt(result.scope, clock.utc_now(), str(problem), problem.transient, failures)
