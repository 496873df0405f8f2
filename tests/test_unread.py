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

DAY = timedelta(days=1)
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


def statuses(home: Home, subject: str) -> dict[str, str]:
    rows = ask(home, f"SELECT control_id, status FROM controls.findings WHERE subject_id = '{subject}'")
    return {row["control_id"]: row["status"] for row in rows}


@pytest.mark.parametrize(
    "today",
    [
        day(1, of_day(1), listed=(of_day(0),)),
        day(1, of_day(1), of_day(0, children=None)),
        day(1, of_day(1), of_day(0, children=...)),
    ],
    ids=["no details", "children are null", "children are left out"],
)
def test_children_that_were_not_read_again_are_not_gone(home: Home, today: Landed) -> None:
    fold(home, day(0, of_day(0)), today)
    assert ask(home, "SELECT id FROM history.children_closed") == []
    assert ask(home, "SELECT backup_id FROM history.extend_info_closed WHERE level = 'child'") == []
    assert statuses(home, "b0")["server-backup-complete"] == "unknown"
    # When they are read again, they are as old as before; one that is missing then is gone.
    fold(home, day(2, of_day(0, children=[child("0-system", resource_id="system")]), of_day(1)))
    assert [row["id"] for row in ask(home, "SELECT id FROM history.children_closed")] == ["0-data"]
    assert ask(home, "SELECT id FROM history.children_open") == []
    assert statuses(home, "b0")["recovery-point-tampered"] == "fail"


def test_a_disk_may_be_in_the_backup_whose_details_were_not_read(home: Home) -> None:
    fold(home, day(0, of_day(0)), day(2, of_day(0), listed=(of_day(2),)))
    disk, whole = statuses(home, "data"), statuses(home, "server-1")
    assert (disk[RECENT], disk[GAP]) == ("unknown", "unknown")
    assert whole[RECENT] == "pass"


def test_no_disk_is_forgotten_where_no_details_were_read(home: Home) -> None:
    fold(home, day(0, of_day(0)), day(1, listed=(of_day(0), of_day(1))))
    disk = statuses(home, "data")
    assert {disk[control] for control in (RECENT, GAP, LOST, "recovery-point-depth")} == {"unknown"}


def test_a_disk_that_is_sent_twice_word_for_word_is_one(home: Home) -> None:
    twice = child("d")
    fold(home, day(0, of_day(0, children=[twice, twice], resource_size=40)))
    assert statuses(home, "b0")["server-backup-complete"] == "pass"
    assert statuses(home, "prod") | {"source-record-valid": "fail", "snapshot-complete": "pass"} == statuses(
        home, "prod"
    )
    assert [row["is_repeat"] for row in ask(home, "SELECT is_repeat FROM meta.rejects")] == [True, True]


def test_a_disk_that_is_sent_twice_and_differs_is_doubtful(home: Home) -> None:
    fold(home, day(0, of_day(0, children=[child("d"), child("d", status="error")], resource_size=40)))
    assert statuses(home, "b0")["server-backup-complete"] == "unknown"
    assert statuses(home, "prod")["snapshot-complete"] == "fail"


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
def test_a_record_that_makes_no_sense_is_a_finding(home: Home, body: Body, rule: str) -> None:
    fold(home, day(0, body))
    rows = ask(home, "SELECT rule FROM compliance.data_quality_findings")
    assert [row["rule"] for row in rows] == [rule]


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
    assert statuses(home, "b0")["server-backup-complete"] == "unknown"
    assert statuses(home, "b0")["backup-encrypted"] == "unknown"
    assert statuses(home, "data")[RECENT] == "unknown"
    assert statuses(home, "server-1")[RECENT] == "pass"


def test_a_gap_may_be_closed_by_a_backup_that_went_before_its_details_were_read(home: Home) -> None:
    taken = [day(number, *(of_day(made) for made in range(number + 1))) for number in range(3)]
    fold(home, *taken, day(3, of_day(2), listed=(of_day(3),)), day(4, of_day(2), of_day(4)))
    assert statuses(home, "server-1")[GAP] == "pass"
    assert statuses(home, "data")[GAP] == "unknown"
