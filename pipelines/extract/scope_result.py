"""How the reading of one scope ends, and what is recorded of it. Scopes are read side by side in scopes.py."""

import logging
import traceback
from dataclasses import dataclass

from pipelines import clock
from pipelines.errors import NotGrantedError, ServiceError, WarehouseError
from pipelines.extract.projects import find_projects
from pipelines.extract.run import ScopeRun
from pipelines.extract.snapshot import land_scope
from pipelines.landing.attempts import Attempt, previous_attempt, was_read
from pipelines.landing.manifest import Snapshot

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class ScopeResult:
    """How the reading of one scope ended: with a snapshot, or with the problem that prevented one."""

    scope: str
    snapshot: Snapshot | None = None
    problem: WarehouseError | None = None
    is_granted: bool = True  # false for a listed project that the user may not read, and of which nothing was ever read


def read_scope(run: ScopeRun) -> ScopeResult | list[str]:
    """Read a scope, or return the projects that the cloud stands for instead."""
    try:
        if run.entry is None:
            projects = find_projects(run.scope, run.settings, run.watchdog, run.redactor)
            if projects is not None:
                return projects
        return ScopeResult(run.scope, land_scope(run))
    except NotGrantedError as problem:
        is_granted = run.entry is None or was_read(run.home, run.scope)
        return ScopeResult(run.scope, problem=problem, is_granted=is_granted)
    except WarehouseError as problem:
        return ScopeResult(run.scope, problem=problem)
    except Exception as error:  # an unexpected error must not stop the other scopes
        _log.debug("scope %r: %s", run.scope, run.redactor.clean(traceback.format_exc()))
        message = f"reading cloud {run.scope!r} failed unexpectedly ({type(error).__name__})"
        return ScopeResult(run.scope, problem=ServiceError(message, "Run again, and report it if it stays."))


def attempt_of(run: ScopeRun, result: ScopeResult) -> Attempt:
    """Return what is recorded of the end of a reading."""
    previous, problem = previous_attempt(run.home, run.scope), result.problem
    return Attempt(
        result.scope,
        clock.utc_now(),
        problem=str(problem) if problem else None,
        transient=problem.transient if problem else False,
        failures=1 + (previous.failures if previous else 0) if problem else 0,
        entry=run.entry or (previous.entry if previous else None),
        is_granted=result.is_granted,
    )
