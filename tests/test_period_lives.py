"""How long points are kept where a policy keeps the newest points of days, weeks, months and years."""

from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from pipelines.contract.inputs import NOT_GRANTED
from pipelines.landing.manifest import InputReading
from pipelines.policy.resolve import Rules
from pipelines.storage.home import Home
from tests.given import AS_OF, Body, Landed, ask, fold
from tests.given_inputs import rules, vault
from tests.retention_rule import Rule
from tests.test_long_term_rules import BY_HAND, NOT_COUNTED, point, policy

PASS, FAIL, OPEN = ("pass", "kept_by_period"), ("fail", "not_newest_of_period"), ("unknown", "one_of_period_is_kept")
HIDDEN = ("unknown", "retention_not_visible")
DAILY, TWICE = "FREQ=DAILY;BYHOUR=10;BYMINUTE=00", "FREQ=DAILY;BYHOUR=2,10;BYMINUTE=00"
SUNDAYS = "FREQ=WEEKLY;BYDAY=SU;BYHOUR=10;BYMINUTE=00"


@dataclass(frozen=True)
class Case:
    """A point, by month, day and hour in UTC, and the others of its resource. Now it is 03-01T12, a Sunday."""

    rule: Rule
    judged: str
    others: str
    expected: tuple[str, str]
    days: int = 30  # that are required
    measured: float | None = None
    pattern: str = DAILY
    more: dict[str, Body] = field(default_factory=dict)  # point -> what is different in it
    policies: tuple[Body, ...] = ()  # besides, applied to the same vault
    mode: str = "every_point"

    def points(self, name: str) -> list[Body]:
        made = [text.strip() for text in f"{self.judged}, {self.others}".split(",")]
        return [point(name, moment(text), **self.more.get(text, {})) for text in made]

    def applied(self, name: str) -> list[Body]:
        trigger = {"properties": {"pattern": [self.pattern], "start_time": "2025-01-01 00:00:00"}}
        besides = [
            policy(name, self.rule, **{"id": f"policy-{name}-{number}"} | body)
            for number, body in enumerate(self.policies)
        ]
        return [policy(name, self.rule, trigger=trigger), *besides]


def moment(text: str) -> datetime:
    return datetime.fromisoformat(f"2026-{text}:00")


# Local time is UTC+08:00, and the run of a day is due at 18:00.
MONTHS, RECENT = Rule(2, month=6), "02-26T10, 02-27T10, 02-28T10, 03-01T10"
CASES = {
    # Until the first run of July: the sixth month after January.
    "newest-of-its-month": Case(MONTHS, "01-31T10", RECENT, PASS, measured=151),
    "newest-of-the-last-month": Case(MONTHS, "02-28T10", "02-27T10, 03-01T10", PASS, measured=154),
    "not-newest-of-its-month": Case(MONTHS, "02-27T10", "02-28T10, 03-01T10", FAIL, measured=2),
    "month-is-not-over": Case(MONTHS, "03-01T10", "02-28T10", OPEN),
    "first-hour-of-the-local-month": Case(MONTHS, "02-28T16", "02-28T10, 03-01T10", FAIL),
    "last-hour-of-the-local-month": Case(MONTHS, "02-28T15", "02-28T16, 03-01T10", PASS),
    "months-without-a-point-do-not-count": Case(Rule(2, month=2), "02-28T10", "02-27T10", PASS, measured=32),
    # It was the newest of its month, and the policy has newer points of as many months.
    "month-is-past": Case(Rule(1, month=2), "01-31T10", "02-27T10, 03-01T10", FAIL),
    "kept-so-far": Case(MONTHS, "01-20T10", f"01-31T10, {RECENT}", PASS, measured=40 + 2 / 24),
    "newest-of-its-day": Case(Rule(2, day=30), "02-27T10", "02-28T10, 03-01T10", PASS, measured=30),
    "first-run-of-the-last-day": Case(Rule(2, day=30), "02-27T10", "02-28T10, 03-01T10", OPEN, pattern=TWICE),
    "second-run-of-a-day": Case(
        Rule(2, day=31), "02-27T10", "02-28T10, 03-01T10", PASS, pattern=TWICE, measured=30 + 2 / 3
    ),
    # Today's may still be made.
    "today-without-a-point": Case(Rule(2, day=30), "02-27T10", "02-28T10", PASS, measured=30),
    "newest-of-its-week": Case(Rule(2, week=6), "02-22T10", "02-27T10, 03-01T10", PASS, measured=36),
    "monday-of-the-last-week": Case(Rule(2, week=5), "02-22T10", "02-27T10, 03-01T10", OPEN),
    "sundays-only": Case(Rule(2, week=5), "02-22T10", "02-15T10, 03-01T10", PASS, pattern=SUNDAYS, measured=35),
    "week-is-not-over": Case(Rule(2, week=6), "03-01T10", "02-22T10", OPEN),
    "short-period-does-not-matter": Case(Rule(1, day=3, month=6), "02-27T10", "02-28T10, 03-01T10", FAIL),
    "long-period-beside-a-short-one": Case(Rule(1, day=3, month=6), "02-28T10", "02-27T10, 03-01T10", PASS),
    "all-periods-are-too-short": Case(Rule(1, day=3, week=2), "02-28T10", "03-01T10", ("fail", "count_too_short")),
    "newest-of-its-year": Case(Rule(2, year=3), "02-27T10", "02-28T10, 03-01T10", FAIL, days=400),
    "thirteen-months": Case(Rule(2, month=13), "01-31T10", RECENT, PASS, days=365, measured=366),
    "twelve-months": Case(Rule(2, month=12), "01-31T10", RECENT, OPEN, days=365),
    "number-suffices": Case(Rule(30, month=6), "02-27T10", "02-28T10, 03-01T10", ("pass", "kept_by_count")),
    "summer-time": Case(Rule(2, month=6, zone="Europe/Berlin"), "01-31T22", "01-31T23, 03-01T10", PASS),
    "first-hour-in-berlin": Case(
        Rule(2, month=6, zone="Europe/Berlin"), "01-31T23", "02-27T10, 03-01T10", FAIL, days=50
    ),
    "zone-is-not-known": Case(Rule(2, month=6, zone="CST"), "01-31T10", RECENT, OPEN),
    "runs-are-not-known": Case(MONTHS, "01-31T10", RECENT, PASS, pattern="soon"),
    "runs-of-the-others-are-not-known": Case(MONTHS, "02-27T10", "02-28T10, 03-01T10", HIDDEN, pattern="soon"),
    "two-policies": Case(MONTHS, "01-31T10", RECENT, OPEN, policies=({},)),
    "a-disabled-policy-beside": Case(MONTHS, "01-31T10", RECENT, PASS, policies=({"enabled": False},)),
    # The newer point of the month may count.
    **{
        f"newer-point-{name}": Case(MONTHS, "02-27T10", "02-28T10, 03-01T10", OPEN, more={"02-28T10": body})
        for name, body in NOT_COUNTED.items()
    },
    "newer-point-without-a-time": Case(
        MONTHS, "02-28T10", "02-26T10, 03-01T10", OPEN, more={"02-26T10": {"created_at": None}}
    ),
    "at-the-same-time": Case(
        MONTHS, "02-28T10", "02-26T10, 03-01T10", OPEN, more={"02-26T10": {"created_at": "2026-02-28T10:00:00"}}
    ),
    "made-by-hand-the-day-before": Case(MONTHS, "02-28T10", "02-27T10, 03-01T10", PASS, more={"02-27T10": BY_HAND}),
    "newest-of-january-stands-for-it": Case(
        MONTHS, "02-27T10", "01-31T10, 02-28T10, 03-01T10", ("pass", "another_is_kept"), mode="any_point"
    ),
    "nothing-stands-for-it": Case(MONTHS, "02-27T10", "02-28T10, 03-01T10", FAIL, mode="any_point"),
}


def required() -> Rules:
    tiers = {
        f"{case.mode}-{case.days}": {"min_retention_days": case.days, "retention_mode": case.mode}
        for case in [Case(MONTHS, "", "", PASS), *CASES.values()]
    }
    assignments = [
        {"id": name, "priority": 1, "match": {"vault_id": [name]}, "tier": f"{case.mode}-{case.days}"}
        for name, case in CASES.items()
    ]
    return rules(tiers, assignments=assignments)


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> dict[tuple[str, str], dict[str, Any]]:
    """Each point, judged once: scope and id -> its result."""
    home = Home(Path(tmp_path_factory.mktemp("lives")))
    vaults = [vault(name, f"disk-of-{name}") for name in CASES]
    policies: Any = [each for name, case in CASES.items() for each in case.applied(name)]
    points = [each for name, case in CASES.items() for each in case.points(name)]
    one = CASES["newest-of-its-month"].points("newest-of-its-month")
    refused = InputReading("policies", NOT_GRANTED, problem="403")
    fold(
        home,
        Landed(points, inputs={"vaults": vaults, "policies": policies}),
        Landed(one, scope="refused", inputs={"vaults": vaults, "policies": refused}),
        Landed(one, scope="partial", inputs={"vaults": vaults, "policies": policies}, partial=("policies",)),
        Landed([*one, {"id": None}], scope="unread", inputs={"vaults": vaults, "policies": policies}),
        Landed(one, scope="unread-policy", inputs={"vaults": vaults, "policies": [*policies, {"id": None}]}),
    )
    rows = ask(home, "SELECT * FROM controls.backup_retention_minimum", rules=required())
    return {(row["scope"], row["subject_id"]): row for row in rows}


@pytest.mark.parametrize("case", CASES)
def test_a_point_is_kept_for_as_long_as_its_periods_are(kept: dict[tuple[str, str], dict[str, Any]], case: str) -> None:
    row = kept["prod", f"{case}-{CASES[case].judged}"]
    assert (row["status"], row["reason_code"]) == CASES[case].expected
    if CASES[case].measured is not None:
        assert row["measured_value"] == pytest.approx(CASES[case].measured)


@pytest.mark.parametrize(
    ("scope", "expected"), [("refused", HIDDEN), ("partial", HIDDEN), ("unread", OPEN), ("unread-policy", OPEN)]
)
def test_it_is_not_known_where_something_was_not_read(
    kept: dict[tuple[str, str], dict[str, Any]], scope: str, expected: tuple[str, str]
) -> None:
    row = kept[scope, "newest-of-its-month-01-31T10"]
    assert (row["status"], row["reason_code"]) == expected


def test_the_sentence_says_until_when(kept: dict[tuple[str, str], dict[str, Any]]) -> None:
    assert kept["prod", "newest-of-its-month-01-31T10"]["reason"] == (
        "The policy of its vault keeps the newest point of each day, week, month or year, and this one for at least "
        "151.0 days; the minimum is 30 d."
    )
    assert moment("03-01T12") == AS_OF
