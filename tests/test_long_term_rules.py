"""What becomes of lost points where a policy keeps the newest points, and the newest of days, weeks, months, years."""

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from pipelines.contract.inputs import NOT_GRANTED
from pipelines.landing.manifest import InputReading
from pipelines.storage.home import Home
from tests.given import AS_OF, Body, Landed, ask, fold, volume
from tests.given_inputs import rules
from tests.retention_rule import Rule

DAY = timedelta(days=1)
FIRST, LAST = datetime(2024, 1, 1), AS_OF + DAY  # of the three readings; all points are there at AS_OF
REMOVED, KEPT = ("pass", "removed_by_rule"), ("fail", "deleted_unexplained")
UNDECIDED = ("unknown", "possible_gfs_thinning")
RULES = rules({"t": {}}, settings={"deletion_window_days": 400})


def policy(name: str, rule: Rule, /, **more: Any) -> Body:
    """A policy that is applied to the vault of its name."""
    trigger = {"properties": {"pattern": ["FREQ=DAILY;BYHOUR=20;BYMINUTE=00"], "start_time": "2025-01-01 00:00:00"}}
    own = {
        "id": f"policy-{name}",
        "name": name,
        "enabled": True,
        "operation_type": "backup",
        "operation_definition": rule.definition(),
        "trigger": trigger,
        "associated_vaults": [{"vault_id": name}],
    }
    return own | more


def point(name: str, moment: datetime, /, **more: Any) -> Body:
    """A point of the resource and vault of a case, made by its policy and without an expiry."""
    own: Body = {
        "created_at": moment.isoformat(),
        "expired_at": None,
        "resource_id": f"disk-of-{name}",
        "vault_id": name,
    }
    return volume(f"{name}-{moment:%m-%dT%H}", **(own | more))


@dataclass(frozen=True)
class Case:
    """Points, by month, day and hour in UTC, of which the first goes; `later` are there when it has gone."""

    rule: Rule
    goes: str
    others: str
    expected: tuple[str, str]
    year: int = 2026
    more: dict[str, Body] = field(default_factory=dict)  # point -> what is different in it
    policy: Body = field(default_factory=dict)  # what is different in the policy
    policies: tuple[Body, ...] = ()  # besides, applied to the same vault
    later: Body = field(default_factory=dict)  # what is different in the policy when the point has gone
    last_rule: Rule | None = None  # when the point has gone
    goes_too: str = ""  # another point, at the same time

    def moment(self, text: str) -> datetime:
        year = self.year - 1 if text.startswith("last ") else self.year
        return datetime.fromisoformat(f"{year}-{text.removeprefix('last ')}:00")

    def points(self, name: str, *, after: bool) -> list[Body]:
        made = [text.strip() for text in self.others.split(",")]
        made += [text for text in (self.goes, self.goes_too) if text and not after]
        return [point(name, self.moment(text), **self.more.get(text, {})) for text in made]

    def applied(self, name: str, *, after: bool) -> list[Body]:
        rule = self.last_rule if after and self.last_rule else self.rule
        own = policy(name, rule, **(self.policy | (self.later if after else {})))
        besides = [
            policy(name, self.rule, **{"id": f"policy-{name}-{number}"} | body)
            for number, body in enumerate(self.policies)
        ]
        return [own, *besides]


# Local time is UTC+08:00. 2026-02-23 is a Monday. In each case an older point stays, as it does where points are thinned out.
DAYS = Case(Rule(1, day=3), "02-25T02", "02-20T12, 02-25T08, 02-26T12, 02-27T12", REMOVED)
EVENING = replace(DAYS, goes="02-25T15", others="02-20T12, 02-25T16, 02-26T12", expected=KEPT)
BY_HAND: Body = {"extend_info": {"auto_trigger": False}}
NOT_COUNTED: dict[str, Body] = {
    "in-progress": {"status": "protecting"},
    "failed": {"status": "error"},
    "in-another-vault": {"vault_id": "elsewhere"},
    "with-an-expiry": {"expired_at": "2027-01-01T00:00:00"},
    "made-by-hand": BY_HAND,
    "of-nobody-knows-whom": {"name": "web", "extend_info": {"auto_trigger": ...}},
}
CASES = {
    "not-the-newest-of-its-day": DAYS,
    "newest-of-its-day": replace(DAYS, goes="02-25T09", expected=KEPT),
    "newest-of-the-local-day": EVENING,
    "first-hour-of-the-local-day": replace(DAYS, goes="02-25T16", others="02-20T12, 02-25T15, 02-26T12, 02-27T12"),
    "fourth-day-of-three": replace(DAYS, goes="02-22T12", others="02-20T12, 02-25T12, 02-26T12, 02-27T12"),
    "days-without-a-point-do-not-count": replace(
        DAYS, goes="02-03T12", others="02-02T12, 02-15T12, 02-27T12", expected=KEPT
    ),
    "sunday-is-the-end-of-its-week": Case(Rule(1, week=4), "02-22T12", "02-01T12, 02-18T12, 02-23T12, 02-24T12", KEPT),
    "monday-is-a-new-week": Case(Rule(1, week=4), "02-23T12", "02-01T12, 02-22T12, 02-24T12, 02-25T12", REMOVED),
    "monday-in-local-time": Case(Rule(1, week=4), "02-22T16", "02-01T12, 02-22T10, 02-24T12, 02-25T12", REMOVED),
    "week-across-the-year": Case(Rule(1, week=4), "last 12-31T12", "last 12-20T12, 01-01T12, 01-09T12", REMOVED),
    "newest-of-its-month": Case(Rule(2, month=6), "01-31T12", "01-10T12, 02-10T12, 02-11T12", KEPT),
    "month-in-local-time": Case(Rule(2, month=6), "01-31T16", "01-31T12, 02-10T12, 02-11T12", REMOVED),
    "seventh-month-of-six": Case(Rule(1, month=2), "last 12-31T12", "last 12-10T12, 01-31T12, 02-10T12", REMOVED),
    "newest-of-its-year": Case(Rule(1, year=2), "last 12-31T12", "last 12-10T12, 01-31T12, 02-10T12", KEPT),
    "year-in-local-time": Case(Rule(1, year=2), "last 12-31T16", "last 12-31T12, 01-31T12, 02-10T12", REMOVED),
    "among-the-newest": replace(DAYS, rule=Rule(4, day=3), expected=KEPT),
    "just-not-among-the-newest": replace(DAYS, rule=Rule(3, day=3)),
    "any-period-keeps-it": replace(
        DAYS, rule=Rule(1, day=1, week=1, month=1, year=2), goes="last 12-31T12", expected=KEPT
    ),
    # The clock goes back on 26 October 2025: that day has 25 hours, and its last one begins at 22:00 UTC.
    "last-hour-before-winter": Case(
        Rule(1, day=9, zone="Europe/Berlin"), "10-26T22", "10-02T12, 10-26T10, 10-26T23, 10-28T12", KEPT, 2025
    ),
    "first-hour-of-the-long-day": Case(
        Rule(1, day=9, zone="Europe/Berlin"), "10-25T22", "10-02T12, 10-25T21, 10-26T22, 10-28T12", REMOVED, 2025
    ),
    # It goes forward on 30 March 2025.
    "first-hour-of-the-short-day": Case(
        Rule(1, day=9, zone="Europe/Berlin"), "03-29T23", "03-02T12, 03-29T22, 03-30T21, 03-31T12", REMOVED, 2025
    ),
    "last-hour-of-the-short-day": Case(
        Rule(1, day=9, zone="Europe/Berlin"), "03-30T21", "03-02T12, 03-30T22, 03-31T12", KEPT, 2025
    ),
    "west-of-utc": Case(Rule(1, day=9, zone="UTC-03:30"), "02-25T03", "02-20T12, 02-25T04, 02-26T12, 02-27T12", KEPT),
    # By number alone.
    "rotated": Case(Rule(2), "02-25T12", "02-26T12, 02-27T12", REMOVED),
    "oldest-but-kept": Case(Rule(3), "02-25T12", "02-26T12, 02-27T12", KEPT),
    "oldest-but-newest-of-its-month": Case(Rule(2, month=6), "01-31T12", "02-26T12, 02-27T12", KEPT),
    # Undecided.
    "zone-is-not-known": replace(DAYS, rule=Rule(1, day=3, zone="CST"), expected=UNDECIDED),
    "zone-is-missing": replace(DAYS, rule=Rule(1, day=3, zone=None), expected=UNDECIDED),
    "rule-changed-meanwhile": replace(DAYS, last_rule=Rule(1, day=2), expected=UNDECIDED),
    "zone-changed-meanwhile": replace(DAYS, last_rule=replace(DAYS.rule, zone="UTC+07:00"), expected=UNDECIDED),
    "renamed-meanwhile": replace(DAYS, later={"name": "another"}),
    "taken-off-meanwhile": replace(DAYS, later={"associated_vaults": []}, expected=UNDECIDED),
    "disabled": replace(DAYS, policy={"enabled": False}, expected=UNDECIDED),
    "enabled-is-not-said": replace(DAYS, policy={"enabled": None}, expected=UNDECIDED),
    "two-policies": replace(DAYS, policies=({},), expected=UNDECIDED),
    "a-disabled-policy-beside": replace(DAYS, policies=({"enabled": False},)),
    "a-replication-policy-beside": replace(DAYS, policies=({"operation_type": "replication"},)),
    "without-a-number": replace(DAYS, rule=Rule(-1, day=3), expected=UNDECIDED),
    "no-point-at-all": replace(DAYS, rule=Rule(0, day=3), expected=UNDECIDED),
    "days-besides": replace(
        DAYS,
        policy={"operation_definition": DAYS.rule.definition() | {"retention_duration_days": 30}},
        expected=UNDECIDED,
    ),
    "further-rules": replace(
        DAYS,
        policy={"operation_definition": DAYS.rule.definition() | {"advanced_retention_rules": {"hour": 1}}},
        expected=UNDECIDED,
    ),
    "periods-that-are-not-known": replace(
        DAYS,
        policy={"operation_definition": DAYS.rule.definition() | {"quarter_backups": 1}},
        expected=UNDECIDED,
    ),
    "a-number-that-is-none": replace(
        DAYS,
        policy={"operation_definition": DAYS.rule.definition() | {"month_backups": "some"}},
        expected=UNDECIDED,
    ),
    # The point of the same day may not count, so it may have been kept.
    **{
        f"newer-point-{name}": replace(DAYS, more={"02-25T08": body}, expected=UNDECIDED)
        for name, body in NOT_COUNTED.items()
    },
    # Somebody deleted that of 08:00, which the rule kept. Whether it was there when the rule was applied is not known.
    "newer-point-went-too": replace(DAYS, others="02-20T12, 02-26T12", goes_too="02-25T08", expected=UNDECIDED),
    "made-by-hand-on-another-day": replace(EVENING, more={"02-26T12": BY_HAND}),
    "number-without-what-was-made-by-hand": replace(DAYS, rule=Rule(3), more={"02-25T08": BY_HAND}, expected=KEPT),
    "newer-point-is-a-copy": replace(DAYS, more={"02-25T08": {"image_type": "replication"}}, expected=KEPT),
    "newer-point-without-a-time": replace(EVENING, more={"02-26T12": {"created_at": None}}, expected=UNDECIDED),
    "at-the-same-time": replace(DAYS, more={"02-25T08": {"created_at": "2026-02-25T02:00:00"}}, expected=UNDECIDED),
}


def landed(scope: str, cases: dict[str, Case], **more: Any) -> list[Landed]:
    """Three readings: before any point was made, with all, and without those that go."""
    refused = more.pop("refused", None)
    rejected = more.pop("rejected", [])
    readings = []
    for number, as_of in enumerate((FIRST, AS_OF, LAST)):
        after = as_of == LAST
        points = [] if as_of == FIRST else [p for name, c in cases.items() for p in c.points(name, after=after)]
        policies: Any = [p for name, case in cases.items() for p in case.applied(name, after=after)]
        if number == refused:
            policies = InputReading("policies", NOT_GRANTED, problem="403")
        readings.append(
            Landed(
                points + rejected,
                scope=scope,
                project=scope,
                as_of=as_of,
                inputs={"policies": policies},
                partial=("policies",) if number == more.get("partial") else (),
            )
        )
    return readings


BOTH = {"dropped": DAYS, "kept": EVENING}
SCOPES: dict[str, tuple[dict[str, Any], dict[str, tuple[str, str]]]] = {
    "refused-before": ({"refused": 0}, {"dropped": UNDECIDED, "kept": UNDECIDED}),
    "refused-when-last-seen": ({"refused": 1}, {"dropped": UNDECIDED, "kept": UNDECIDED}),
    "refused-when-gone": ({"refused": 2}, {"dropped": UNDECIDED, "kept": UNDECIDED}),
    "partial-when-last-seen": ({"partial": 1}, {"dropped": UNDECIDED, "kept": UNDECIDED}),
    "partial-when-gone": ({"partial": 2}, {"dropped": UNDECIDED, "kept": UNDECIDED}),
    # It may be a newer point of the same day.
    "a-backup-that-can-not-be-loaded": ({"rejected": [{"id": None}]}, {"dropped": REMOVED, "kept": UNDECIDED}),
    "all-is-read": ({}, {"dropped": REMOVED, "kept": KEPT}),
}


@pytest.fixture(scope="module")
def lost(tmp_path_factory: pytest.TempPathFactory) -> dict[tuple[str, str], tuple[str, str]]:
    """Each lost point: scope and id -> status and reason code."""
    home = Home(Path(tmp_path_factory.mktemp("rules")))
    scopes = [reading for scope, (more, _) in SCOPES.items() for reading in landed(scope, BOTH, **more)]
    fold(home, *landed("prod", CASES), *scopes)
    sql = "SELECT scope, subject_id, status, reason_code FROM controls.recovery_point_deleted_early"
    rows = ask(home, sql, rules=RULES)
    return {(row["scope"], row["subject_id"]): (row["status"], row["reason_code"]) for row in rows}


@pytest.mark.parametrize("case", CASES)
def test_a_lost_point_is_explained_by_a_rule_that_did_not_keep_it(
    lost: dict[tuple[str, str], tuple[str, str]], case: str
) -> None:
    assert lost["prod", f"{case}-{CASES[case].goes.removeprefix('last ')}"] == CASES[case].expected


@pytest.mark.parametrize("scope", SCOPES)
@pytest.mark.parametrize("case", BOTH)
def test_a_rule_decides_only_where_it_was_read_and_all_points_are_known(
    lost: dict[tuple[str, str], tuple[str, str]], scope: str, case: str
) -> None:
    assert lost[scope, f"{case}-{BOTH[case].goes}"] == SCOPES[scope][1][case]
