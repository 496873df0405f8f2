"""Months of points that a simulated service thins out and somebody deletes, judged by the models and in plain Python.

CBR_HISTORIES=200 judges so many resources' histories instead of a few; CBR_SEED=7 judges others.
"""

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import accumulate
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import HealthCheck, Phase, assume, given, seed, settings
from hypothesis import strategies as st

from pipelines.storage.home import Home
from tests.given import Landed, ask_all, fold
from tests.given_inputs import rules
from tests.retention_rule import Rule
from tests.test_long_term_rules import point, policy

HISTORIES = int(os.environ.get("CBR_HISTORIES", "20"))
SEED = int(os.environ.get("CBR_SEED", "1"))
RESOURCES, READINGS = 20, 14
START = datetime(2025, 12, 9, 12)
ZONES = ("UTC+08:00", "UTC-03:30", "UTC+00:00", "Europe/Berlin", "America/New_York")
BY_NUMBER = {"rotated_by_count", "rotation_may_have_begun", "possible_gfs_thinning", "deleted_unexplained"}
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


@dataclass(repr=False)
class Estate:
    """The times of the readings, and the points that are there at each."""

    histories: list[History]
    readings: list[datetime]
    present: dict[int, list[set[datetime]]] = field(default_factory=dict)  # of each history, at each reading

    def __post_init__(self) -> None:
        for number, history in enumerate(self.histories):
            self.present[number] = list(self._simulated(history))

    def __repr__(self) -> str:
        return f"Estate({self.histories}, {self.readings})"

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
            policies = [policy(f"vault-{n}", self.rule(h, reading)) for n, h in enumerate(self.histories)]
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
        lost, classes = ask_all(
            home,
            "SELECT backup_id, disappearance, verdict FROM intermediate.int_lost_points",
            "SELECT backup_id, disappearance, verdict FROM history.backup_lifecycle WHERE gone_at IS NOT NULL",
            rules=RULES,
        )
    before = {row["backup_id"]: row for row in classes}
    assert before.keys() == expected.keys()
    for row in lost:
        known = before[row["backup_id"]]
        verdict = expected[row["backup_id"]] if known["disappearance"] in BY_NUMBER else None
        if verdict is None:
            assert row["disappearance"] in (known["disappearance"], "deleted_unexplained"), row
            assert row["verdict"] in (known["verdict"], "fail"), row
        else:
            assert (row["verdict"], row["backup_id"]) == (verdict, row["backup_id"])
    assert {row["backup_id"] for row in lost} == before.keys()
