"""What was not read is unknown: it is neither gone nor new, and nothing passes or fails by it."""

from datetime import timedelta
from typing import Any

import pytest

from pipelines.clock import snapshot_id
from pipelines.landing.manifest import LIST, SHOW
from pipelines.landing.writer import SnapshotWriter
from pipelines.normalize.coerce import json_text
from pipelines.storage.home import Home
from tests.given import AS_OF, Body, Landed, ask, child, commit, fold, server
from tests.together import Results, lands

DAY = timedelta(days=1)
LAST = 4  # the newest day that a test reads: what was read before it is stale
RECENT, GAP, LOST = "resource-recent-recovery-point", "recovery-gap-within-rpo", "resource-protection-lost"


def of_day(day: int, **more: Any) -> Body:
    at = (AS_OF + day * DAY - timedelta(hours=4)).isoformat(timespec="microseconds")
    expiry = (AS_OF + (day + 30) * DAY).isoformat(timespec="microseconds")
    disks = [child(f"{day}-{disk}", resource_id=disk) for disk in ("system", "data")]
    return server(
        f"b{day}", **({"created_at": at, "expired_at": expiry, "children": disks, "resource_size": 80} | more)
    )


def day(number: int, *shown: Body, listed: tuple[Body, ...] = ()) -> Landed:
    return Landed(shown, [body | {"children": []} for body in listed], as_of=AS_OF + number * DAY)


def statuses(results: Results, subject: str) -> dict[str, str]:
    rows = results.rows("controls.findings", "subject_id", "control_id", "status")
    return {control: status for name, control, status in rows if name == subject}


unread = pytest.mark.parametrize(
    "today",
    [
        day(1, of_day(1), listed=(of_day(0),)),
        day(1, of_day(1), of_day(0, children=None)),
        day(1, of_day(1), of_day(0, children=...)),
    ],
    ids=["no details", "children are null", "children are left out"],
)


@lands(day(0, of_day(0)), lambda today: [today])
@unread
def test_children_that_were_not_read_again_are_not_gone(results: Results, today: Landed) -> None:
    assert results.rows("history.children_closed") == []
    assert [row for row in results.rows("history.extend_info_closed") if row["level"] == "child"] == []
    assert statuses(results, "b0")["server-backup-complete"] == "unknown"


@lands(
    day(0, of_day(0)),
    lambda today: [today],
    day(2, of_day(0, children=[child("0-system", resource_id="system")]), of_day(1)),
)
@unread
def test_children_that_are_read_again_are_as_old_as_before_and_one_that_is_missing_then_is_gone(
    results: Results, today: Landed
) -> None:
    assert results.rows("history.children_closed", "id") == [("0-data",)]
    assert results.rows("history.children_open", "id") == []
    assert statuses(results, "b0")["recovery-point-tampered"] == "fail"


@lands(day(0, of_day(0)), day(2, of_day(0), listed=(of_day(2),)))
def test_a_disk_may_be_in_the_backup_whose_details_were_not_read(results: Results) -> None:
    disk, whole = statuses(results, "data"), statuses(results, "server-1")
    assert (disk[RECENT], disk[GAP]) == ("unknown", "unknown")
    assert whole[RECENT] == "pass"


@lands(
    *(day(number, *map(of_day, range(number + 1))) for number in range(3)),
    day(3, of_day(2), listed=(of_day(3),)),
    day(4, of_day(2), of_day(4)),
)
def test_a_gap_may_be_closed_by_a_backup_that_went_before_its_details_were_read(results: Results) -> None:
    assert statuses(results, "server-1")[GAP] == "pass"
    assert statuses(results, "data")[GAP] == "unknown"


def elsewhere(number: int) -> Body:
    """The backup of a day of another server, which has the disk `data` now."""
    disk = child(f"e{number}", resource_id="data", created_at=(AS_OF + number * DAY).isoformat())
    return of_day(number, id=f"e{number}", resource_id="server-2", children=[disk])


@lands(
    *(day(number, *map(of_day, range(number + 1))) for number in range(2)),
    day(2, of_day(1), listed=(of_day(2),)),
    day(3, of_day(1), elsewhere(3)),
    day(4, of_day(1), elsewhere(3), elsewhere(4)),
)
def test_a_disk_that_moved_may_be_in_an_unread_backup_of_its_former_server(results: Results) -> None:
    assert statuses(results, "data")[GAP] == "unknown"


@lands(day(0, of_day(0)), day(1, listed=(of_day(0), of_day(1))))
def test_no_disk_is_forgotten_where_no_details_were_read(results: Results) -> None:
    disk = statuses(results, "data")
    assert {disk[control] for control in (RECENT, GAP, LOST, "recovery-point-depth")} == {"unknown"}


@lands(day(LAST, of_day(LAST, children=[child("d"), child("d")], resource_size=40)), alone=True)
def test_a_disk_that_is_sent_twice_word_for_word_is_one(results: Results) -> None:
    assert statuses(results, f"b{LAST}")["server-backup-complete"] == "pass"
    scope = statuses(results, "prod")
    assert (scope["source-record-valid"], scope["snapshot-complete"]) == ("fail", "pass")
    assert results.rows("meta.rejects", "is_repeat") == [(True,), (True,)]


@lands(day(LAST, of_day(LAST, children=[child("d"), child("d", status="error")], resource_size=40)), alone=True)
def test_a_disk_that_is_sent_twice_and_differs_is_doubtful(results: Results) -> None:
    assert statuses(results, f"b{LAST}")["server-backup-complete"] == "unknown"
    assert statuses(results, "prod")["snapshot-complete"] == "fail"


@lands(lambda body: [day(0, body)], alone=True)
@pytest.mark.parametrize(
    ("body", "rule"),
    [
        (
            of_day(0, protected_at=(AS_OF + DAY).isoformat(), updated_at=(AS_OF + DAY).isoformat()),
            "captured_in_the_future",
        ),
        (of_day(0, parent_id="nobody"), "parent_not_present"),
        (of_day(0, replication_records=[{"id": "r", "status": "queued"}]), "unknown_status"),
    ],
)
def test_a_record_that_makes_no_sense_is_a_finding(results: Results, body: Body, rule: str) -> None:
    assert results.rows("compliance.data_quality_findings", "rule") == [(rule,)]


def test_details_that_are_reused_say_how_old_they_are_and_prove_nothing_when_too_old(home: Home) -> None:
    home.prepare()
    draft = SnapshotWriter(home, "prod", AS_OF)
    body = of_day(0)
    draft.write(LIST, json_text({"backups": [body | {"children": []}], "count": 1}).encode())
    earlier = AS_OF - timedelta(hours=170)
    draft.write(f"{SHOW}-{snapshot_id(earlier)}", json_text({"backup": body}).encode())
    commit(draft, Landed([body]))
    fold(home)
    assert ask(home, "SELECT detail_read_at FROM cbr.backups") == [{"detail_read_at": earlier}]
    rows = ask(home, "SELECT subject_id, control_id, status FROM controls.findings")
    verdicts = {(row["subject_id"], row["control_id"]): row["status"] for row in rows}
    assert verdicts["b0", "server-backup-complete"] == "unknown"
    assert verdicts["b0", "backup-encrypted"] == "unknown"
    assert verdicts["data", RECENT] == "unknown"
    assert verdicts["server-1", RECENT] == "pass"
