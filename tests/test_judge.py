"""Whether the SQL and an independent judge agree on estates that nobody has thought of.

CBR_HISTORIES=2000 compares so many resources' histories instead of a few; CBR_SEED=7 compares others.
"""

import os
from collections.abc import Iterator
from dataclasses import asdict, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

from hypothesis import HealthCheck, Phase, assume, given, seed, settings

from pipelines.flow.judge import home_rules
from pipelines.storage.home import Home
from tests.given import Landed, ask, fold
from tests.histories import ABSENT, SOURCE, Estate, Event, Story, estates, readings, simpler
from tests.judge import (
    COMPLETE,
    CONTROLS,
    DELETED_EARLY,
    FAIL,
    GAP,
    NOT_FAIL,
    NOT_PASS,
    OFFSITE,
    PASS,
    PROTECTION_LOST,
    RECENT,
    SHORTENED,
    UNSETTLED,
    Policy,
    Verdict,
    judge,
)

HISTORIES = int(os.environ.get("CBR_HISTORIES", "20"))
SEED = int(os.environ.get("CBR_SEED", "1"))
LEAST = 20 if HISTORIES <= 20 else 25  # resources of an estate: its readings cost much more than its resources do
TRIES = 12  # a try takes some seconds
SETTINGS = (
    "max_scope_lag_hours",
    "gap_window_days",
    "deletion_window_days",
    "look_back_days",
    "timestamp_tolerance_seconds",
)
# Deletions of which the text says that they are counted otherwise when they are many.
MANY = {"vault_deleted", "mass_deletion"}


class Disagreement(NamedTuple):
    """What the judge says of a subject, and what the SQL says."""

    control: str
    scope: str
    subject: str
    judge: Verdict | None
    sql: str | None
    code: str | None
    reason: str | None


def disagreements(estate: Estate) -> list[Disagreement]:
    """Land an estate day by day, let both judge it, and return where they differ."""
    read = list(readings(estate))
    expected = judge(read, estate.policy)
    with TemporaryDirectory() as folder:
        home = Home(Path(folder))
        home.prepare()
        (home.path / "policy.yaml").write_text(policy_file(estate.policy))
        fold(
            home,
            *(
                Landed(one.shown, one.listed, one.scope, one.as_of, one.project, one.region, one.complete)
                for one in read
            ),
        )
        controls = ", ".join(f"'{control}'" for control in CONTROLS)
        rows = ask(
            home,
            "SELECT control_id, scope, subject_id, status, reason_code, reason FROM controls.findings"
            f" WHERE control_id IN ({controls})",
            rules=home_rules(home),
        )
    got = {(row["control_id"], row["scope"], row["subject_id"]): row for row in rows}
    return list(differences(expected, got))


def differences(expected: dict, got: dict) -> Iterator[Disagreement]:
    for key in sorted(expected.keys() | got.keys()):
        verdict, row = expected.get(key), got.get(key)
        if row is None:
            if verdict is not None and not verdict.optional:
                yield Disagreement(*key, verdict, None, None, None)
        elif verdict is None or not agree(verdict, row):
            yield Disagreement(*key, verdict, row["status"], row["reason_code"], row["reason"])


def agree(verdict: Verdict, row: dict) -> bool:
    if verdict.status == UNSETTLED:
        return True
    if verdict.status in (NOT_PASS, NOT_FAIL):
        return row["status"] != (PASS if verdict.status == NOT_PASS else FAIL)
    return verdict.status == row["status"] and (
        verdict.code in (None, row["reason_code"]) or row["reason_code"] in MANY
    )


def simplest(estate: Estate, wanted: Disagreement) -> Estate:
    """Return a simpler estate that shows the same: of the resource alone where that is enough."""
    name = wanted.subject.removeprefix("copy-").split("-")[0]
    alone = [story if f"r{number}" == name else ABSENT for number, story in enumerate(estate.stories)]
    candidates: Iterator[Estate] = iter([replace(estate, stories=tuple(alone))])
    for _ in range(TRIES):
        candidate = next(candidates, None)
        if candidate is None:
            break
        if any(other[:5] == wanted[:5] for other in disagreements(candidate)):
            estate, candidates = candidate, simpler(candidate)
    return estate


def told(estate: Estate, all_of_them: list[Disagreement]) -> str:
    """Return what a person needs who has to decide which of the two is right."""
    first = all_of_them[0]
    least = simplest(estate, first)
    stories = [f"  r{number}: {story}" for number, story in enumerate(least.stories) if story != ABSENT]
    return "\n".join(
        [
            f"{len(all_of_them)} verdicts differ; the first, in the simplest estate that shows it (seed {SEED}):",
            f"  {first.control} of {first.subject} in {first.scope}",
            f"  judge: {first.judge}",
            f"  SQL:   {first.sql} {first.code}: {first.reason}",
            *stories,
            f"  {replace(least, stories=())}",
            "The others:",
            *(f"  {other}" for other in all_of_them[1:20]),
        ]
    )


@seed(SEED)
@settings(
    max_examples=-(-HISTORIES // LEAST),
    deadline=None,
    database=None,
    phases=[Phase.generate],  # its own way of simplifying would build hundreds of estates
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(estates(LEAST, LEAST + 4))
def test_the_sql_says_what_an_independent_judge_says(estate: Estate) -> None:
    assume(any(story.events for story in estate.stories))  # the first that is tried has none, and costs as much
    found = disagreements(estate)
    assert not found, told(estate, found)


def test_what_went_wrong_in_a_plain_story_is_no_matter_of_opinion() -> None:
    counted = Story(keep_days=None, keep_count=3, backlog=8)
    estate = Estate(
        days=5,
        destination_is_read=False,
        stories=(
            Story(backlog=8, events=(Event(3, "delete_middle"),)),
            counted,
            Story(backlog=8, events=(Event(3, "nearer"),)),
            Story(events=(Event(3, "stop"), Event(3, "delete_all"))),
            Story(disks=2, events=(Event(3, "drop_disk"),)),
            Story(events=(Event(2, "manual"), Event(4, "manual_deleted"))),
            replace(counted, events=(Event(4, "delete_one", 2),)),
        ),
    )
    verdicts = judge(readings(estate), estate.policy)
    expected = {
        (DELETED_EARLY, "r0-007"): (FAIL, "deleted_early"),
        (DELETED_EARLY, "r1-009"): (PASS, "rotated_by_count"),
        (SHORTENED, "r2"): (FAIL, None),
        (PROTECTION_LOST, "r3"): (FAIL, None),
        (COMPLETE, "r4-005"): (FAIL, None),
        (COMPLETE, "r4-001"): (PASS, None),
        (DELETED_EARLY, "r5-manual-2"): (FAIL, "manual_deleted"),
        (DELETED_EARLY, "r6-012"): (FAIL, "deleted_unexplained"),
        (RECENT, "r0"): (PASS, None),
        (OFFSITE, "r0"): (FAIL, None),
        (GAP, "r0"): (PASS, None),
    }
    assert {key: verdicts[key[0], SOURCE, key[1]][:2] for key in expected} == expected
    assert disagreements(estate) == []


def policy_file(policy: Policy) -> str:
    values = {key: str(value).lower() for key, value in asdict(policy).items()}
    tier = ", ".join(f"{key}: {value}" for key, value in values.items() if key not in SETTINGS)
    general = ", ".join(f"{key}: {values[key]}" for key in SETTINGS)
    return (
        "version: 1\npolicy_id: judged\neffective_from: 2025-01-01\n"
        f"settings: {{{general}}}\ntiers:\n  standard: {{{tier}}}\ndefault_tier: standard\n"
    )
