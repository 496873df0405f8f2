"""When triggers of the service's backup policies run, compared with dateutil and with a count of days."""

from datetime import datetime, timedelta
from itertools import pairwise

import pytest
from dateutil.rrule import rrulestr

from pipelines.warehouse.schedules import PatternError, scheduled_runs

AFTER = datetime(2026, 3, 1, 12)
UNTIL = AFTER + timedelta(days=60)
START = datetime(2019, 5, 8, 6, 57, 5)  # a Wednesday
PATTERNS = [
    "FREQ=DAILY;INTERVAL=1;BYHOUR=06;BYMINUTE=00",
    "FREQ=DAILY;BYHOUR=0,8,16;BYMINUTE=0,30",
    "FREQ=DAILY;INTERVAL=3;BYHOUR=22;BYMINUTE=15",
    "FREQ=DAILY;INTERVAL=45;BYHOUR=22;BYMINUTE=15",
    "FREQ=DAILY;INTERVAL=2;BYDAY=MO,WE,FR;BYHOUR=1;BYMINUTE=0",
    "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR,SA,SU;BYHOUR=14;BYMINUTE=00",
    "FREQ=WEEKLY;BYDAY=TU,TH,SA;BYHOUR=22;BYMINUTE=00",
    "FREQ=WEEKLY;INTERVAL=3;BYDAY=SU,MO;BYHOUR=3;BYMINUTE=5",
    "FREQ=WEEKLY;INTERVAL=2",
    "FREQ=DAILY",
]


@pytest.mark.parametrize("pattern", PATTERNS)
@pytest.mark.parametrize(
    "start", [START, START + timedelta(days=3), AFTER - timedelta(hours=1), AFTER + timedelta(days=9)]
)
def test_runs_are_those_of_dateutil_from_the_start_of_the_trigger(pattern: str, start: datetime) -> None:
    expected = rrulestr(f"{pattern}", dtstart=start).between(AFTER, UNTIL)
    assert scheduled_runs(pattern, start, AFTER, UNTIL) == expected


def longest_hours(runs: list[datetime]) -> float:
    return max((b - a).total_seconds() for a, b in pairwise(runs)) / 3600


@pytest.mark.parametrize(
    ("patterns", "hours"),
    [
        (["FREQ=WEEKLY;BYDAY=TU,TH,SA;BYHOUR=22;BYMINUTE=00"], 72),
        (["FREQ=DAILY;INTERVAL=3;BYHOUR=1;BYMINUTE=30"], 72),
        (["FREQ=DAILY;BYHOUR=8,12,18;BYMINUTE=0"], 14),
        (["FREQ=WEEKLY;BYDAY=MO;BYHOUR=0;BYMINUTE=0", "FREQ=WEEKLY;BYDAY=TH;BYHOUR=12;BYMINUTE=0"], 84),
        (["FREQ=WEEKLY;INTERVAL=2;BYDAY=MO;BYHOUR=0;BYMINUTE=0"], 336),
    ],
)
def test_the_longest_interval_is_counted_by_hand(patterns: list[str], hours: float) -> None:
    runs = sorted(run for pattern in patterns for run in scheduled_runs(pattern, START, AFTER, UNTIL))
    assert longest_hours(runs) == hours


def test_an_interval_counts_from_the_start_and_not_from_the_snapshot() -> None:
    runs = scheduled_runs("FREQ=DAILY;INTERVAL=7;BYHOUR=1;BYMINUTE=0", START, AFTER, UNTIL)
    assert {run.weekday() for run in runs} == {START.weekday()}


def test_a_rule_that_never_runs_has_no_runs() -> None:
    assert scheduled_runs("FREQ=DAILY;INTERVAL=7;BYDAY=MO;BYHOUR=1;BYMINUTE=0", START, AFTER, UNTIL) == []


def test_a_trigger_without_a_start_runs_where_the_rule_says_all() -> None:
    runs = scheduled_runs("FREQ=DAILY;BYHOUR=6;BYMINUTE=0", None, AFTER, UNTIL)
    assert (runs[0], len(runs)) == (datetime(2026, 3, 2, 6), 60)


@pytest.mark.parametrize(
    ("pattern", "start", "problem"),
    [
        ("", START, "an empty part is none of BYDAY, BYHOUR, BYMINUTE, FREQ, INTERVAL"),
        ("every day", START, "EVERY DAY is none of"),
        ("FREQ=MONTHLY;BYDAY=MO", START, "FREQ is MONTHLY"),
        ("BYHOUR=1", START, "FREQ is missing"),
        ("FREQ=DAILY;COUNT=3", START, "COUNT=3 is none of"),
        ("FREQ=DAILY;UNTIL=20260401T000000Z", START, "UNTIL=20260401T000000Z is none of"),
        ("FREQ=DAILY;INTERVAL=0", START, "INTERVAL is 0"),
        ("FREQ=DAILY;INTERVAL=-1", START, "INTERVAL is -1"),
        ("FREQ=DAILY;INTERVAL=99999999999", START, "INTERVAL is 99999999999"),
        ("FREQ=DAILY;BYHOUR=24", START, "BYHOUR is 24"),
        ("FREQ=DAILY;BYHOUR=", START, "BYHOUR is empty"),
        ("FREQ=DAILY;BYMINUTE=60", START, "BYMINUTE is 60"),
        ("FREQ=WEEKLY;BYDAY=1MO", START, "BYDAY has 1MO"),
        ("FREQ=DAILY;BYHOUR=1;BYHOUR=2", START, "BYHOUR is there twice"),
        ("FREQ=DAILY;INTERVAL=2;BYHOUR=6;BYMINUTE=0", None, "the trigger has no start"),
        ("FREQ=WEEKLY;BYHOUR=6;BYMINUTE=0", None, "the trigger has no start"),
    ],
)
def test_a_rule_with_anything_else_is_not_read(pattern: str, start: datetime | None, problem: str) -> None:
    with pytest.raises(PatternError, match=problem):
        scheduled_runs(pattern, start, AFTER, UNTIL)
