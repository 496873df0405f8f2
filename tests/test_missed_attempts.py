"""Attempts that left no backup, as tasks of the service tell of them: in success rates, failures in a row and gaps."""

from itertools import chain
from pathlib import Path
from typing import Any

import pytest

from pipelines.storage.home import Home
from tests.given import AS_OF, Body, Landed, ask_all, at, child, fold, server
from tests.given_inputs import DAY, refused, rules, stale

RATE, VAULT_RATE = "backup_success_rate", "vault_backup_success_rate"
IN_A_ROW, BEYOND = "consecutive_failures", "recovery_gap_within_rpo"
OUTCOMES, GAPS = "backup_outcomes_daily", "rpo_gaps"
RULES = rules({"t": {"rpo_hours": 24, "grace_hours": 2, "min_success_percent": 80, "max_failed_attempts": 2}})


def backups(name: str, *days: float, **more: Any) -> list[Body]:
    """Backups of the server `name` into the vault `vault-name`, begun so many days ago."""
    parts = [child(f"part-{name}", resource_id=f"disk-{name}")]
    own: Body = {"resource_id": name, "vault_id": f"vault-{name}", "children": parts} | more
    return [server(f"{name}-{day}", created_at=at(days=day), **own) for day in days]


def task(name: str, status: str, *, days: float = 1.5, backup: str = "", **more: Any) -> Body:
    """A task that tried to back up the server `name`."""
    extra = {"resource": {"id": name, "name": name}, "backup": {"backup_id": backup}}
    own = {"vault_id": f"vault-{name}", "started_at": at(days=days), "extra_info": extra}
    return {"id": f"{name}-{status}-{days}", "operation_type": "backup", "status": status} | own | more


def left_out(name: str, days: float) -> Body:
    """The restore point of a run that left the server `name` out."""
    skipped = [{"id": name, "name": name, "code": "CBR.1"}]
    vault = {"id": f"vault-{name}", "skipped_resources": skipped}
    return {"id": f"point-{name}-{days}", "created_at": at(days=days), "vault": vault}


DAYS = (6.0, 5.0, 4.0, 3.0, 2.0)
ERROR = {"status": "error", "expired_at": None}
BACKUPS: dict[str, list[Body]] = {
    "skipped": backups("skipped", *DAYS),
    "of-all-kinds": backups("of-all-kinds", *DAYS[:4]),
    "with-backup": [*backups("with-backup", *DAYS[:4]), *backups("with-backup", 1.5, **ERROR)],
    "with-timeout": [*backups("with-timeout", *DAYS[:4]), *backups("with-timeout", 1.5, **ERROR)],
    "same-run": [*backups("same-run", *DAYS[:4]), *backups("same-run", 1.5, checkpoint_id="run-1", **ERROR)],
    "never-seen": backups("never-seen", *DAYS),
    "left-out": backups("left-out", *DAYS),
    "long-ago": backups("long-ago", *DAYS),
    "stopped": backups("stopped", 35, 34, 33),
    "unfinished": backups("unfinished", *DAYS),
    "restored": backups("restored", *DAYS),
    "just-now": backups("just-now", *DAYS),
    "recovered": backups("recovered", *DAYS, 0.2),
}
TASKS = [
    *(task("skipped", "skipped", days=day, error_info={"code": "BackupService.6114"}) for day in (1.6, 1.5)),
    *(task("of-all-kinds", status) for status in ("skipped", "timeout", "failed")),
    task("with-backup", "failed", backup="with-backup-1.5"),
    task("with-timeout", "timeout", backup="with-timeout-1.5"),
    task("same-run", "failed", checkpoint_id="run-1"),
    *(task("never-seen", "failed", days=day, backup=f"unseen-{day}") for day in (1.6, 1.5)),
    task("left-out", "skipped", days=1.5, checkpoint_id="point-left-out-1.5"),
    *(task("long-ago", "skipped", days=day) for day in (31, 32)),
    *(task("stopped", "skipped", days=day) for day in (32, 31.5, 31)),
    *(task("unfinished", status) for status in ("running", "waiting", "success")),
    *(task("restored", "failed", days=day, operation_type="restore") for day in (1.6, 1.5)),
    *(task("just-now", "failed", days=day) for day in (-0.001, -0.002)),
    *(task("recovered", "skipped", days=day) for day in (1.7, 1.6, 1.5)),
]
POINTS = [left_out("left-out", 1.6), left_out("left-out", 1.5)]


SQL = {
    RATE: f"SELECT scope, subject_id, status, reason_code, missed, reason FROM controls.{RATE}",
    VAULT_RATE: f"SELECT scope, subject_id, status, reason_code, missed, reason FROM controls.{VAULT_RATE}",
    IN_A_ROW: f"SELECT scope, subject_id, status, reason_code, missed, reason FROM controls.{IN_A_ROW}",
    BEYOND: f"SELECT scope, subject_id, status, reason_code, missed_runs, reason FROM controls.{BEYOND}",
    OUTCOMES: f"""SELECT scope, day, attempts, succeeded, failed, missed, failed_resources, success_percent
        FROM compliance.{OUTCOMES} WHERE vault_id = 'vault-skipped' AND day >= '2026-02-27' ORDER BY day""",
    GAPS: f"""SELECT scope, resource_id, missed_runs, missed_error_codes, hours, is_breach FROM compliance.{GAPS}
        WHERE is_open AND resource_id IN ('skipped', 'disk-skipped') ORDER BY resource_id""",
}
Rows = dict[str, list[tuple[Any, ...]]]


@pytest.fixture(scope="module")
def rows(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Rows]:
    """Rows of each relation by scope: one with all cases, and one for each state of the record of tasks."""
    home = Home(Path(tmp_path_factory.mktemp("missed")) / "home")
    shown = BACKUPS["skipped"]
    record = {"operations": [each for each in TASKS if each["vault_id"] == "vault-skipped"]}
    refusal = {"operations": refused("operations")}
    fold(
        home,
        Landed(list(chain.from_iterable(BACKUPS.values())), inputs={"operations": TASKS, "checkpoints": POINTS}),
        Landed(shown, scope="never-read"),
        Landed(shown, scope="refused", inputs=refusal),
        Landed(shown, scope="withdrawn", as_of=AS_OF - DAY, inputs=record),
        Landed(shown, scope="withdrawn", inputs=refusal),
        Landed(shown, scope="partial", inputs=record, partial=("operations",)),
        *stale("stale", shown, **record),
    )
    rows: dict[str, Rows] = {}
    for name, answer in zip(SQL, ask_all(home, *SQL.values(), rules=RULES), strict=True):
        rows[name] = {}
        for row in answer:
            scope, *values = row.values()
            rows[name].setdefault(scope, []).append(tuple(values))
    return rows


def codes(found: Rows) -> dict[str, tuple[str, str, int]]:
    """Status, reason code and number of missed attempts of each server or vault of the scope with all cases."""
    return {
        subject.removeprefix("vault-"): (status, code, missed)
        for subject, status, code, missed, _ in found["prod"]
        if not subject.startswith("disk-")
    }


def reason(found: Rows, scope: str, subject: str) -> str:
    [sentence] = [row[-1] for row in found[scope] if row[0] == subject]
    return str(sentence)


RATES = {
    "skipped": ("fail", "low", 2),
    "of-all-kinds": ("fail", "low", 3),
    "with-backup": ("pass", "good", 0),
    "with-timeout": ("pass", "good", 0),
    "same-run": ("pass", "good", 0),
    "never-seen": ("fail", "low", 2),
    "left-out": ("fail", "low", 2),
    "long-ago": ("pass", "good", 0),
    "unfinished": ("pass", "good", 0),
    "restored": ("pass", "good", 0),
    "just-now": ("pass", "good", 0),
    "recovered": ("fail", "low", 3),
}


@pytest.mark.parametrize(
    ("control", "nothing_lately"),
    [(RATE, ("unknown", "too_few", 0)), (VAULT_RATE, ("not_applicable", "nothing_begun", 0))],
)
def test_attempts_without_a_backup_lower_the_rate_and_those_with_one_count_once(
    rows: dict[str, Rows], control: str, nothing_lately: tuple[str, str, int]
) -> None:
    assert codes(rows[control]) == RATES | {"stopped": nothing_lately}


def test_attempts_without_a_backup_are_failures_in_a_row_until_one_succeeds(rows: dict[str, Rows]) -> None:
    assert codes(rows[IN_A_ROW]) == {
        "skipped": ("pass", "failed_lately", 2),
        "of-all-kinds": ("fail", "failing", 3),
        "with-backup": ("pass", "failed_lately", 0),
        "with-timeout": ("pass", "failed_lately", 0),
        "same-run": ("pass", "failed_lately", 0),
        "never-seen": ("pass", "failed_lately", 2),
        "left-out": ("pass", "failed_lately", 2),
        "long-ago": ("pass", "none_failed", 0),
        "stopped": ("fail", "failing", 3),
        "unfinished": ("pass", "none_failed", 0),
        "restored": ("pass", "none_failed", 0),
        "just-now": ("pass", "none_failed", 0),
        "recovered": ("pass", "none_failed", 0),
    }


def test_a_reason_says_how_many_attempts_left_no_backup(rows: dict[str, Rows]) -> None:
    assert reason(rows[RATE], "prod", "of-all-kinds") == (
        "4 of 7 finished backups succeeded (attempts that left none: 3); 80.0 % are required."
    )
    assert reason(rows[IN_A_ROW], "prod", "of-all-kinds") == (
        "Its last 3 backups failed (attempts that left none: 3), the first at 2026-02-28 00:00:00; 2 are allowed."
    )


GOOD = ("pass", "good", 0, "5 of 5 finished backups succeeded; 80.0 % are required.")
LOW = ("fail", "low", 2, "5 of 7 finished backups succeeded (attempts that left none: 2); 80.0 % are required.")


@pytest.mark.parametrize("control", [RATE, VAULT_RATE])
@pytest.mark.parametrize(
    ("scope", "expected"),
    [("never-read", GOOD), ("refused", GOOD), ("withdrawn", GOOD), ("partial", LOW), ("stale", LOW)],
)
def test_a_rate_counts_what_is_on_record_and_nothing_where_tasks_may_not_be_read(
    rows: dict[str, Rows], control: str, scope: str, expected: tuple[str, str, int, str]
) -> None:
    [row] = [row for row in rows[control][scope] if row[0] in ("skipped", "vault-skipped")]
    assert row[1:] == expected


def test_the_outcomes_of_a_day_have_the_attempts_without_a_backup(rows: dict[str, Rows]) -> None:
    shown = {scope: [tuple(map(str, row)) for row in days] for scope, days in rows[OUTCOMES].items()}
    assert shown["prod"] == [
        ("2026-02-27", "2", "1", "0", "1", "1", "50.0"),
        ("2026-02-28", "1", "0", "0", "1", "1", "0.0"),
    ]
    assert shown["refused"] == [("2026-02-27", "1", "1", "0", "0", "0", "100.0")]


def test_a_gap_names_its_missed_runs_and_is_as_long_as_without_them(rows: dict[str, Rows]) -> None:
    assert rows[GAPS]["prod"] == [
        ("disk-skipped", 2, "BackupService.6114", 48.0, True),
        ("skipped", 2, "BackupService.6114", 48.0, True),
    ]
    for scope in ("never-read", "refused", "withdrawn"):
        assert rows[GAPS][scope] == [("disk-skipped", None, None, 48.0, True), ("skipped", None, None, 48.0, True)]


def test_a_resource_beyond_its_rpo_says_how_many_runs_were_missed(rows: dict[str, Rows]) -> None:
    gap = "1 gaps beyond RPO and grace in 6 d, the longest 48 h; within its RPO for 83.33 % of the time"
    found = {scope: [row[1:] for row in rows[BEYOND][scope] if row[0] == "skipped"] for scope in ("prod", "never-read")}
    assert found == {
        "prod": [
            ("fail", "open_gap", 2, f"{gap}, 99.0 % are required; attempts in these gaps that left no backup: 2.")
        ],
        "never-read": [("fail", "open_gap", None, f"{gap}, 99.0 % are required.")],
    }
