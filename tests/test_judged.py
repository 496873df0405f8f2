"""Results that are kept: what changed, since when, the trend; and that nothing but the data decides them."""

import json
import random
import shutil
from copy import deepcopy
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from pipelines.evidence.pack import write_pack
from pipelines.flow.build import build
from pipelines.flow.judge import judge_unjudged
from pipelines.flow.normalize import normalize_landed
from pipelines.history.results import _MAX_FILES, read_result_history
from pipelines.landing.attempts import Attempt, write_attempt
from pipelines.policy.resolve import Rules
from pipelines.storage.home import Home
from tests.given import (
    AS_OF,
    Body,
    Landed,
    ask,
    ask_all,
    at,
    child,
    fold,
    land,
    publish,
    query,
    replica,
    server,
    volume,
)

DAY = timedelta(days=1)
EVENTS = """
SELECT control_id, subject_id, from_status, to_status, cause, as_of FROM compliance.control_result_events
WHERE control_id = 'resource-recent-recovery-point' AND subject_id = 'server-1' ORDER BY as_of
"""


def day(number: int, *bodies: Body, **more: Any) -> Landed:
    return Landed(bodies, as_of=AS_OF + number * DAY, **more)


def fresh(number: int, key: str = "b", **more: Any) -> Body:
    return server(
        f"{key}{number}", created_at=(AS_OF + number * DAY - DAY / 12).isoformat(), **({"expired_at": None} | more)
    )


def copy_of(home: Home, folder: Path) -> Home:
    shutil.copytree(home.path, folder / "copy")
    return Home(folder / "copy")


# A server without points on two days, another without an owner, and one that is gone after the first day.
ESTATE = [
    [
        *(fresh(made) for made in (0, 1, 4, 5) if made <= number),
        fresh(number, key="of-nobody", resource_id="server-2"),
        *(
            [server("broken", resource_id="server-3", extend_info={"supported_restore_mode": "na"})]
            if not number
            else []
        ),
    ]
    for number in range(6)
]
DATED = """
SELECT first_failed_at, days_failing FROM compliance.control_results
WHERE control_id = 'resource-owner-known' AND subject_id = 'server-2'
"""


@dataclass(frozen=True)
class Published:
    """A home in which each day of the estate was published, and what was said of a failure on each of them."""

    home: Home
    dated: list[list[tuple[Any, ...]]]


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Published:
    home, dated = Home(tmp_path_factory.mktemp("published") / "home"), []
    for number, bodies in enumerate(ESTATE):
        publish(home, day(number, *bodies), run_id=f"run-{number}")
        dated.append(query(home, DATED))
    return Published(home, dated)


def test_only_changes_are_events(published: Published) -> None:
    about = ("resource-recent-recovery-point", "server-1")
    assert query(published.home, EVENTS) == [
        (*about, None, "fail", "data", AS_OF + 3 * DAY),
        (*about, "fail", "pass", "data", AS_OF + 4 * DAY),
    ]


def test_a_failure_is_dated_by_the_first_snapshot_that_tells(published: Published) -> None:
    assert published.dated == [[(AS_OF, number)] for number in range(6)]


def test_a_subject_that_is_gone_ends_its_results(published: Published) -> None:
    sql = "SELECT from_status, to_status, cause FROM compliance.control_result_events WHERE control_id = 'backup-restorable'"
    assert query(published.home, sql) == [("fail", None, "subject")]


def test_judging_a_snapshot_again_replaces_its_own_results_alone(published: Published, tmp_path: Path) -> None:
    home = copy_of(published.home, tmp_path)
    trend = "SELECT day, sum(in_scope), sum(protected) FROM compliance.protection_trend_daily GROUP BY day ORDER BY day"
    events = "SELECT count(*) FROM compliance.control_result_events"
    before = (query(home, trend), query(home, events))
    assert [row[0] for row in before[0]] == [f"2026-03-0{number}" for number in range(1, 7)]
    for again in ("again", "and again"):
        build(home, again)
        assert (query(home, trend), query(home, events)) == before
    assert [entry.snapshot_id for entry in read_result_history(home, "prod").entries] == [
        f"2026030{number}T120000Z" for number in range(1, 7)
    ]


def test_the_trend_goes_on_when_landings_and_the_file_are_gone(published: Published, tmp_path: Path) -> None:
    home = copy_of(published.home, tmp_path)
    home.warehouse.unlink()
    build(home, "again")
    assert query(home, "SELECT count(DISTINCT day) FROM compliance.protection_trend_daily") == [(6,)]


def test_results_of_many_snapshots_are_made_one_file(published: Published, tmp_path: Path) -> None:
    from pipelines.contract.results import RESULT_COUNTS
    from pipelines.history.results import ResultHistory, write_result_history

    home = copy_of(published.home, tmp_path)
    entries = read_result_history(home, "prod").entries
    old = [replace(entries[0], snapshot_id=f"2025{number:04}T120000Z") for number in range(_MAX_FILES)]
    write_result_history(home, ResultHistory("prod", [*old, *entries]))
    publish(home, day(6, fresh(6)), run_id="run-6")
    judged = read_result_history(home, "prod")
    assert len(judged.entries) == 2
    assert [len(files) for files in judged.files.values()][:1] == [1]
    assert RESULT_COUNTS.name in judged.files


def test_waived_results_count_in_one_score_and_not_in_the_other(home: Home) -> None:
    from datetime import date

    from pipelines.policy.check import WaiverFile
    from pipelines.policy.schema import Waivers

    fold(home, day(0, fresh(0)))
    waiver: dict[str, object] = {
        "id": "W",
        "control_id": "resource-owner-known",
        "match": {"resource_id": "server-1"},
        "reason": "r",
    }
    waiver |= {"owner": "a", "approver": "b", "created": date(2026, 1, 1), "expires": date(2026, 9, 1)}
    rules = Rules((), WaiverFile(Waivers.model_validate({"version": 1, "waivers": [waiver]}), "sha"))
    sql = "SELECT strict_score, score FROM compliance.protection_trend_daily WHERE subject_type = 'server'"
    [plain], [waived] = ask(home, sql), ask(home, sql, rules=rules)
    assert plain["strict_score"] == plain["score"] == waived["strict_score"] < waived["score"]


def estate(seed: int) -> list[Body]:
    """Backups in every state, some of one server, some of disks, some copies."""
    dice = random.Random(seed)
    statuses = ["available", "available", "error", "protecting", "deleting", "restoring", "frozen"]
    bodies = []
    for number in range(14):
        make = dice.choice([server, server, volume])
        body = make(
            f"b{number}",
            resource_id=f"r{dice.randrange(5)}",
            status=dice.choice(statuses),
            created_at=at(hours=dice.randrange(200)),
            expired_at=dice.choice([None, at(days=-20), at(hours=3), "soon"]),
            extend_info={"auto_trigger": dice.choice([True, False, ...])},
        )
        if make is server:
            body["children"] = [child(f"c{number}", resource_id=f"d{dice.randrange(4)}", status=dice.choice(statuses))]
        bodies.append(body)
    return [*bodies, replica("copy", "elsewhere", resource_id="r1")]


FINDINGS = """
SELECT control_id, subject_id, status, reason_code, reason, measured_value, evidence_backup_ids, failing_since
FROM controls.findings WHERE scope = '{}' ORDER BY ALL
"""
SEEDS = range(3)


def days_of_seed(seed: int, *, shuffled: bool) -> list[Landed]:
    """Two days of an estate in a scope of its own."""
    dice = random.Random(seed)
    days = [estate(seed), estate(seed + 100)]
    if shuffled:
        days = [dice.sample(bodies, len(bodies)) for bodies in deepcopy(days)]
    return [day(number, *bodies, scope=f"seed-{seed}", project=f"project-{seed}") for number, bodies in enumerate(days)]


@pytest.fixture(scope="module")
def beside_others(tmp_path_factory: pytest.TempPathFactory) -> list[list[dict[str, Any]]]:
    """The findings on each estate, read in another order and in many parts, beside the others and a stranger."""
    stranger = Landed([server("s", resource_id="r1")], scope="stranger", project="other", region="other")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("pipelines.landing.writer.LINES_A_PART", 1)
        home = fold(
            Home(tmp_path_factory.mktemp("beside") / "home"),
            stranger,
            *(landed for seed in SEEDS for landed in days_of_seed(seed, shuffled=True)),
        )
    return ask_all(home, *(FINDINGS.format(f"seed-{seed}") for seed in SEEDS))


@pytest.mark.parametrize("seed", SEEDS)
def test_neither_order_nor_parts_nor_other_scopes_change_a_result(
    home: Home, beside_others: list[list[dict[str, Any]]], seed: int
) -> None:
    said = ask(fold(home, *days_of_seed(seed, shuffled=False)), FINDINGS.format(f"seed-{seed}"))
    assert len({row["status"] for row in said}) == 4
    assert beside_others[seed] == said


KEPT_OF_RESULTS = (
    "SELECT * FROM compliance.protection_trend_daily ORDER BY ALL",
    "SELECT * FROM compliance.control_result_events ORDER BY ALL",
    "SELECT * FROM history.result_counts ORDER BY ALL",
    "SELECT * FROM history.open_results ORDER BY ALL",
    "SELECT * FROM history.backup_lifecycle ORDER BY ALL",
)


READINGS = [[day(0, fresh(0), volume("v"))], [day(1, volume("v"))], [day(2, fresh(2))], [day(3, fresh(2))]]


@pytest.fixture(scope="module")
def readings(tmp_path_factory: pytest.TempPathFactory) -> tuple[Home, Home]:
    """A home after the first of the readings, and one in which every reading was published."""
    folder = tmp_path_factory.mktemp("readings")
    home = publish(Home(folder / "undisturbed"), *READINGS[0], run_id="run-0")
    first = copy_of(home, folder)
    for number, reading in enumerate(READINGS[1:], 1):
        publish(home, *reading, run_id=f"run-{number}")
    return first, home


@pytest.mark.parametrize("folded", [False, True])
def test_a_snapshot_whose_run_was_killed_before_it_published_is_judged_by_the_next(
    readings: tuple[Home, Home], tmp_path: Path, *, folded: bool
) -> None:
    first, expected = readings
    home = copy_of(first, tmp_path)
    for reading in READINGS[1:3]:
        for given in reading:
            land(home, given)
        if folded:
            judge_unjudged(home, "killed")
            normalize_landed(home)  # and there it was killed
    land(home, READINGS[3][0])
    build(home, "next")
    assert [entry.snapshot_id[:8] for entry in read_result_history(home, "prod").entries] == [
        f"2026030{number}" for number in (1, 2, 3, 4)
    ]
    for sql in KEPT_OF_RESULTS:
        assert query(home, sql) == query(expected, sql) != []


def test_a_missed_reading_of_several_scopes_is_judged_with_what_all_of_them_were_then(
    home: Home, tmp_path: Path
) -> None:
    def reading(number: int) -> list[Landed]:
        moment = AS_OF + number * DAY + timedelta(seconds=1)
        return [day(number, fresh(number)), Landed([volume(f"w{number}")], scope="away", as_of=moment, project="p2")]

    publish(home, *reading(0), run_id="run-0")
    expected = copy_of(home, tmp_path)
    for number in (1, 2):
        publish(expected, *reading(number), run_id=f"run-{number}")
        for given in reading(number):
            land(home, given)
    build(home, "next")
    for sql in KEPT_OF_RESULTS:
        assert query(home, sql) == query(expected, sql) != []
    # As it was judged, it has evidence.
    manifest = json.loads((write_pack(home, "20260302T120000Z") / "manifest.json").read_text())
    assert manifest["compared_with"] == "recorded counts of away, prod"


def test_a_reading_that_failed_later_does_not_count_for_a_missed_one(
    readings: tuple[Home, Home], tmp_path: Path
) -> None:
    home = copy_of(readings[0], tmp_path)
    land(home, day(1, fresh(1)))
    land(home, day(2, fresh(2)))
    write_attempt(home, Attempt("prod", AS_OF + 3 * DAY, "the cloud did not answer"))
    build(home, "next")
    days = query(home, "SELECT DISTINCT day FROM compliance.protection_trend_daily ORDER BY day")
    assert days == [("2026-03-01",), ("2026-03-02",), ("2026-03-03",)]
    assert read_result_history(home, "prod").entries[1].attempts == {"prod": (AS_OF + DAY + timedelta(seconds=5), None)}
    gate = "SELECT status FROM history.result_counts WHERE control_id = 'snapshot-complete' ORDER BY as_of"
    assert query(home, gate) == [("pass",), ("pass",)]
