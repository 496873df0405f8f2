"""The first step: read every cloud and land a snapshot of each."""

from collections.abc import Iterable

from pipelines.config import SANDBOX, Settings
from pipelines.errors import WarehouseError
from pipelines.extract.run import Progress
from pipelines.extract.scopes import ScopeResult, land_scopes
from pipelines.flow.judge import home_rules
from pipelines.landing.attempts import read_attempts, scope_status
from pipelines.landing.manifest import read_snapshots
from pipelines.storage.home import Home


def land_clouds(settings: Settings, progress: Progress, patience: float = 0.0) -> list[ScopeResult]:
    """Read every cloud and land a snapshot of each; return how each reading ended.

    Another run in the home is waited for, `patience` seconds at the most. Raises WarehouseError if rules are not valid:
    before anything is read.
    """
    home = Home(settings.home)
    rules = home_rules(home)
    if any(held.policy.policy_id == SANDBOX for held in rules.policies) and set(settings.clouds) != {SANDBOX}:
        raise WarehouseError(
            f"the policy of {home.path} is the demo's, which is made for the sandbox alone",
            "Name another --home, or the policy to judge by in CBR_POLICY.",
        )
    home.prepare()
    with home.lock(patience):
        return land_scopes(home, settings, progress)


def require_any_snapshot(readings: list[ScopeResult]) -> None:
    """Raise the problems of all scopes as one, where none could be read."""
    problems = [reading.problem for reading in readings if reading.snapshot is None]
    if len(problems) == len(readings):
        raise WarehouseError(
            "; ".join(p.message for p in problems if p),
            " ".join(dict.fromkeys(p.hint for p in problems if p)),
            transient=any(p.transient for p in problems if p),
        )


def stale_scopes_error(home: Home, clouds: Iterable[str]) -> WarehouseError | None:
    """Return the error for a run that published, but has no complete reading of one of `clouds`."""
    landed = read_snapshots(home)
    rows = [scope_status(attempt, landed) for attempt in read_attempts(home) if attempt.scope in clouds]
    said = "; ".join(f"{row['scope']}: {row['problem']}" for row in rows if row["problem"])
    cure = "Every other scope is loaded; of these, the last complete snapshot stands, if there is one, marked as stale."
    return WarehouseError(f"published, but not every scope could be read: {said}", cure) if said else None
