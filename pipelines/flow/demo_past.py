"""The past of the demo: a month of the sandbox, read and judged as a schedule would have done it."""

import os
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

from pipelines import clock
from pipelines.config import SANDBOX, Settings
from pipelines.errors import ConfigurationError
from pipelines.extract.run import Progress
from pipelines.extract.sandbox_scope import scenario_start
from pipelines.flow.judge import judge
from pipelines.flow.land import land_clouds, require_any_snapshot
from pipelines.landing.manifest import read_snapshots
from pipelines.policy.files import POLICY, WAIVERS
from pipelines.sandbox.estate import midnight
from pipelines.sandbox.policy import policy_yaml, waivers_yaml
from pipelines.storage.files import create_private, disk_errors
from pipelines.storage.home import Home

_SCHEDULE_TIME = timedelta(hours=2)  # of day, UTC
_DAYS_AGO = (29, 23, 17, 11, 6, 5, 4, 3, 2, 1, 0)  # before the audit trail forgets, then daily


def land_past(settings: Settings, progress: Progress) -> datetime:
    """Land and judge every scheduled reading of the last month but the newest; return the time of the newest.

    The home of an earlier demo is continued after its newest reading. Raise WarehouseError.
    """
    home = Home(settings.home)
    if others := {snapshot.scope for snapshot in read_snapshots(home)} - {SANDBOX}:
        raise ConfigurationError(
            f"{home.path} holds {', '.join(sorted(others))}, and the demo has data and policies of its own",
            "Name another folder with --home.",
        )
    home.prepare()
    now = clock.utc_now()
    times = list(_schedule(now))
    with clock.shifted_to(times[-1]):
        first = scenario_start(home)
    _write_missing(home.path / POLICY, policy_yaml(first.date()))
    _write_missing(home.path / WAIVERS, waivers_yaml(first.date()))
    newest = max((snapshot.as_of for snapshot in read_snapshots(home, SANDBOX)), default=None)
    due = [time for time in times if newest is None or time > newest]
    for number, time in enumerate(due[:-1], 1):
        with clock.shifted_to(time):
            require_any_snapshot(land_clouds(settings, lambda *_: None))
            judge(home, f"demo-{clock.snapshot_id(time)}")
        progress("the month before", number, len(due) - 1)
    return due[-1] if due else now


def _schedule(now: datetime) -> Iterator[datetime]:
    """Yield the scheduled times of the last month, the newest last."""
    newest = midnight(now - _SCHEDULE_TIME) + _SCHEDULE_TIME
    for days in _DAYS_AGO:
        yield newest - timedelta(days=days)


def _write_missing(path: Path, text: str) -> None:
    """Write a file unless it exists."""
    with disk_errors(path.parent):
        if not path.exists():
            with os.fdopen(create_private(path), "w", encoding="utf-8") as file:
                file.write(text)
