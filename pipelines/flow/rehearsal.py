"""The demo's past: the scenarios of a month, read and judged as a schedule would have done it.

It decides which moments are read, and writes the policy and the waivers of the synthetic company into the home. The
scenarios themselves are in sandbox/. The last reading is left to the run that follows.
"""

import os
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

from pipelines import clock
from pipelines.clock import snapshot_id
from pipelines.config import SANDBOX, Settings
from pipelines.errors import WarehouseError
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

_HOUR = timedelta(hours=2)  # of the daily schedule
_AGO = (29, 22, 15, 8, 6, 5, 4, 3, 2, 1, 0)  # days: one reading a week, and then each day's


def rehearse(settings: Settings, progress: Progress) -> datetime:
    """Land and judge the readings before the last one that was due; return the moment of that one.

    In a home of an earlier demo it goes on after the newest reading. Raises WarehouseError.
    """
    home = Home(settings.home)
    if others := {snapshot.scope for snapshot in read_snapshots(home)} - {SANDBOX}:
        raise WarehouseError(
            f"{home.path} holds {', '.join(sorted(others))}, and the demo brings data and rules of its own",
            "Name another folder with --home.",
        )
    home.prepare()
    now = clock.utc_now()
    moments = list(_moments(now))
    with clock.shifted_to(moments[-1]):
        first = scenario_start(home)
    _write(home.path / POLICY, policy_yaml(first.date()))
    _write(home.path / WAIVERS, waivers_yaml(first.date()))
    newest = max((snapshot.as_of for snapshot in read_snapshots(home, SANDBOX)), default=None)
    due = [moment for moment in moments if newest is None or moment > newest]
    for number, moment in enumerate(due[:-1], 1):
        with clock.shifted_to(moment):
            require_any_snapshot(land_clouds(settings, lambda *_: None))
            judge(home, f"rehearsal-{snapshot_id(moment)}")
        progress("the month before", number, len(due) - 1)
    return due[-1] if due else now


def _moments(now: datetime) -> Iterator[datetime]:
    """Yield the moments of the schedule, the newest last."""
    newest = midnight(now - _HOUR) + _HOUR
    for days in _AGO:
        yield newest - timedelta(days=days)


def _write(path: Path, text: str) -> None:
    """Write a file of the rules, unless somebody has one there."""
    with disk_errors(path.parent):
        if not path.exists():
            with os.fdopen(create_private(path), "w", encoding="utf-8") as file:
                file.write(text)
