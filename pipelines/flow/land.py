"""The first step: read every cloud and land a snapshot of each."""

from collections.abc import Iterable

from pipelines.config import SANDBOX, Settings
from pipelines.errors import ConfigurationError, PublicationError, ServiceError
from pipelines.extract.run import Progress
from pipelines.extract.scope_result import ScopeResult
from pipelines.extract.scopes import land_scopes
from pipelines.flow.judge import home_rules
from pipelines.landing.attempts import Attempt, read_attempts, scope_status, select_attempts
from pipelines.landing.manifest import read_snapshots
from pipelines.storage.home import Home


def land_clouds(settings: Settings, progress: Progress, wait_seconds: float = 0.0) -> list[ScopeResult]:
    """Read every cloud and land a snapshot of each; return how each reading ended.

    Wait at most `wait_seconds` for another run in the home. Raise PolicyError before anything is read if a policy or
    waiver file is not valid.
    """
    home = Home(settings.home)
    rules = home_rules(home)
    if any(policy.policy.policy_id == SANDBOX for policy in rules.policies) and set(settings.clouds) != {SANDBOX}:
        raise ConfigurationError(
            f"the policy of {home.path} is the demo's, which is made for the sandbox alone",
            "Name another --home, or the policy to judge by in CBR_POLICY.",
        )
    home.prepare()
    with home.lock(wait_seconds):
        return land_scopes(home, settings, progress)


def require_any_snapshot(results: list[ScopeResult]) -> None:
    """Raise one ServiceError with the problems of all scopes if none could be read."""
    if any(result.snapshot for result in results):
        return
    errors = [result.problem for result in results if result.problem]
    raise ServiceError(
        "; ".join(error.message for error in errors),
        " ".join(dict.fromkeys(error.hint for error in errors)),
        transient=any(error.transient for error in errors),
    )


def stale_scopes_error(home: Home, clouds: Iterable[str]) -> PublicationError | None:
    """Return the error for a run that published without a complete reading of every one of `clouds`, else None.

    A project that is not granted is no problem, unless its cloud has no other.
    """
    snapshots = read_snapshots(home)
    attempts = select_attempts(read_attempts(home, snapshots), clouds)
    statuses = [scope_status(attempt, snapshots) for attempt in attempts if attempt.is_granted]
    problems = [f"{status['scope']}: {status['problem']}" for status in statuses if status["problem"]]
    problems += [f"{entry}: none of its projects may be read" for entry in _refused_entries(attempts)]
    if not problems:
        return None
    return PublicationError(
        f"published, but not every scope could be read: {'; '.join(problems)}",
        "Every other scope is loaded. For these, the last complete snapshot is used, if there is one, marked as stale.",
    )


def _refused_entries(attempts: list[Attempt]) -> list[str]:
    """Return the entries whose projects are all not granted."""
    granted = {attempt.entry for attempt in attempts if attempt.is_granted}
    return sorted({attempt.entry for attempt in attempts if attempt.entry} - granted)
