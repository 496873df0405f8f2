"""Months of points that a simulated service thins out and somebody deletes, judged by the models and in plain Python.

CBR_HISTORIES=200 judges so many resources' histories instead of a few; CBR_SEED=7 judges others.
"""

import os
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta
from itertools import accumulate
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from hypothesis import HealthCheck, Phase, assume, given, seed, settings
from hypothesis import strategies as st

from pipelines.storage.home import Home
from tests.given import Body, Landed, ask_all, fold
from tests.given_inputs import rules
from tests.retention_rule import Rule
from tests.test_long_term_rules import point, policy

HISTORIES = int(os.environ.get("CBR_HISTORIES", "20"))
SEED = int(os.environ.get("CBR_SEED", "1"))
RESOURCES, READINGS = 20, 14
START = datetime(2025, 12, 9, 12)
ZONES = ("UTC+08:00", "UTC-03:30", "UTC+00:00", "Europe/Berlin", "America/New_York")
BY_NUMBER = {"rotated_by_count", "rotation_may_have_begun", "possible_gfs_thinning", "deleted_unexplained"}
HOUR, DAY, AHEAD = timedelta(hours=1), timedelta(days=1), timedelta(days=120)
RULES = rules({"t": {}}, settings={"deletion_window_days": 400})


@dataclass(frozen=True)
class History:
    """What happens to one resource: how often it is backed up, what its policy keeps, what somebody deletes."""

    rule: Rule
    hours: int  # from one point to the next
    first_hour: int
    trim_every: int  # points
    deletions: frozenset[tuple[int, int]]  # number of the reading before which it happens, and of the point
    later_rule: Rule  # from the middle reading on
    run_hours: tuple[int, ...]  # of each day, in UTC, from the last reading on

    def trigger(self) -> Body:
        pattern = f"FREQ=DAILY;BYHOUR={','.join(map(str, self.run_hours))};BYMINUTE=0"
        return {"properties": {"pattern": [pattern], "start_time": "2025-01-01 00:00:00"}}


class Estate:
    """The times of the readings, and the points that are there at each."""

    def __init__(self, histories: list[History], readings: list[datetime]) -> None:
        self.histories, self.readings = histories, readings
        # Of each history, at each reading.
        self.present = {number: list(self._simulated(history)) for number, history in enumerate(histories)}

    def __repr__(self) -> str:
        return f"{len(self.histories)} histories"  # in full, they are too long for a message

    def history(self, backup_id: str) -> History:
        return self.histories[int(backup_id.partition(" ")[0])]

    def rule(self, history: History, reading: int) -> Rule:
        return history.rule if reading < READINGS // 2 else history.later_rule

    def _simulated(self, history: History) -> Iterator[set[datetime]]:
        """Yield the points at each reading. The service removes what the rule does not keep after every few points."""
        made, moment = 0, START + timedelta(hours=history.first_hour)
        points: set[datetime] = set()
        for reading, as_of in enumerate(self.readings):
            while moment < as_of:
                points.add(moment)
                made += 1
                moment += timedelta(hours=history.hours)
                if made % history.trim_every == 0:
                    points = self.rule(history, max(reading - 1, 0)).kept(points)
            for deleted_at, number in history.deletions:
                if deleted_at == reading and points:
                    points = points - {sorted(points)[number % len(points)]}
            yield set(points)

    def landed(self) -> Iterator[Landed]:
        for reading, as_of in enumerate(self.readings):
            policies = [
                policy(f"vault-{n}", self.rule(h, reading), trigger=h.trigger()) for n, h in enumerate(self.histories)
            ]
            points = [
                point(f"vault-{n}", moment, id=f"{n} {moment}")
                for n in self.present
                for moment in sorted(self.present[n][reading])
            ]
            yield Landed(points, as_of=as_of, inputs={"policies": policies})

    def verdicts(self) -> dict[str, str | None]:
        """Return what the rule says of each point that is lost: ok, fail, or None where it decides nothing."""
        verdicts = {}
        for number, history in enumerate(self.histories):
            for reading in range(1, READINGS):
                before, after = self.present[number][reading - 1], self.present[number][reading]
                for lost in before - after:
                    verdicts[f"{number} {lost}"] = self._verdict(history, reading, lost, before | after, after)
        return verdicts

    def ends(self, *, by_number: bool) -> dict[str, datetime]:
        """Return when the rule lets each point go that is there at last, if all runs of the next days succeed.

        Those that it keeps until then have the last of these days; without `by_number`, only periods keep them.
        """
        ends: dict[str, datetime] = {}
        for number, history in enumerate(self.histories):
            rule = history.later_rule if by_number else replace(history.later_rule, newest=0)
            first = self.present[number][-1]
            points = rule.kept(first)
            ends |= {f"{number} {lost}": self.readings[-1] for lost in first - points}
            for run in self._runs(history):
                kept_points = rule.kept(points | {run})
                ends |= {f"{number} {lost}": run for lost in points - kept_points if lost in first}
                points = kept_points
            ends |= {f"{number} {kept}": self.readings[-1] + AHEAD for kept in points & first}
        return ends

    def _runs(self, history: History) -> Iterator[datetime]:
        midnight = datetime.combine(self.readings[-1], time())
        for hours in range(AHEAD // HOUR):
            run = midnight + hours * HOUR
            if run.hour in history.run_hours and run > self.readings[-1]:
                yield run

    def _verdict(
        self, history: History, reading: int, lost: datetime, possible: set[datetime], certain: set[datetime]
    ) -> str | None:
        changed_at = self.readings[READINGS // 2]
        if lost < self.readings[0] or (
            history.rule != history.later_rule and lost < changed_at <= self.readings[reading]
        ):
            return None
        rule = self.rule(history, reading)
        if lost not in rule.kept(certain | {lost}):
            return "ok"
        return "fail" if lost in rule.kept(possible) else None


@st.composite
def estates(draw: st.DrawFn) -> Estate:
    numbers = st.sampled_from([0, 0, 1, 2, 3])
    rule = st.builds(Rule, st.integers(1, 4), numbers, numbers, numbers, numbers, st.sampled_from(ZONES))
    days = draw(st.lists(st.sampled_from([1, 2, 3, 7, 20]), min_size=READINGS - 1, max_size=READINGS - 1))
    deletions = st.frozensets(st.tuples(st.integers(1, READINGS - 1), st.integers(0, 20)), max_size=6)
    histories = []
    for _ in range(RESOURCES):
        kept = draw(rule)
        history = History(
            kept,
            draw(st.sampled_from([5, 11, 24, 31, 50, 170])),
            draw(st.integers(-100, 24)),
            draw(st.integers(1, 3)),
            draw(deletions),
            draw(st.just(kept) | st.just(kept) | rule),
            draw(st.sampled_from([(20,), (15,), (2, 10), (4, 12, 23)])),
        )
        histories.append(history)
    return Estate(histories, [START + timedelta(days=day) for day in accumulate([0, *days])])


@seed(SEED)
@settings(
    max_examples=-(-HISTORIES // RESOURCES),
    deadline=None,
    database=None,
    phases=[Phase.generate],
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(estates())
def test_the_models_and_the_rule_in_plain_python_agree(estate: Estate) -> None:
    expected = estate.verdicts()
    assume({"ok", "fail", None} <= set(expected.values()))  # the first that is tried has no deletions
    with TemporaryDirectory() as folder:
        home = fold(Home(Path(folder)), *estate.landed())
        lost, classes, lives = ask_all(
            home,
            "SELECT backup_id, disappearance, verdict FROM intermediate.int_lost_points",
            "SELECT backup_id, disappearance, verdict FROM history.backup_lifecycle WHERE gone_at IS NOT NULL",
            "SELECT backup_id, kept_until, possible_days FROM intermediate.int_period_lives",
            rules=RULES,
        )
    _check_lives(estate, lives)
    before = {row["backup_id"]: row for row in classes}
    assert before.keys() == expected.keys()
    for row in lost:
        known = before[row["backup_id"]]
        verdict = expected[row["backup_id"]] if known["disappearance"] in BY_NUMBER else None
        if verdict is None:
            assert row["disappearance"] in (known["disappearance"], "deleted_unexplained"), row
            assert row["verdict"] in (known["verdict"], "fail"), row
        else:
            assert row["verdict"] == verdict, (row, estate.history(row["backup_id"]))
    assert {row["backup_id"] for row in lost} == before.keys()


def _check_lives(estate: Estate, lives: list[dict[str, Any]]) -> None:
    """Check that no point goes before it may, and none is kept by periods for longer than it may be."""
    ends, period_ends = estate.ends(by_number=True), estate.ends(by_number=False)
    last_reading = estate.readings[-1]
    assert any(row["kept_until"] > last_reading for row in lives)
    assert any(row["possible_days"] == 0 for row in lives)
    for row in lives:
        name, made = row["backup_id"], datetime.fromisoformat(row["backup_id"].partition(" ")[2])
        assert min(row["kept_until"], last_reading + AHEAD) <= max(ends[name], last_reading), (
            row,
            estate.history(name),
        )
        if period_ends[name] > last_reading + DAY:
            assert period_ends[name] <= made + row["possible_days"] * DAY, (row, estate.history(name))
