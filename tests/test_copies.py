"""A copy in another region: where it is seen decides, and only as long as that place is read."""

from datetime import date, timedelta
from typing import Any

import pytest

from pipelines.policy.check import PolicyFile
from pipelines.policy.resolve import Rules
from pipelines.policy.schema import Policy
from pipelines.storage.home import Home
from tests.given import AS_OF, Body, Landed, ask, child, fold, server

DAY = timedelta(days=1)
OFFSITE, SHORTENED = "resource-offsite-copy", "retention-shortened"
THERE = {"scope": "there", "project": "project-2", "region": "region-2"}


def instant(day: float) -> str:
    return (AS_OF + day * DAY).isoformat(timespec="microseconds")


def record(day: float, **more: Any) -> Body:
    own = {
        "id": f"record-{day:g}",
        "status": "success",
        "created_at": instant(day - 0.4),
        "source_backup_id": f"source-{day:g}",
        "source_project_id": "project-1",
        "source_region": "region-1",
        "destination_backup_id": f"copy-{day:g}",
        "destination_project_id": "project-2",
        "destination_region": "region-2",
    }
    return own | more


def source(day: float, *, keep: float = 60, told: dict[str, Any] | None = None, **more: Any) -> Body:
    """A backup that was copied, made half a day before the reading of a day."""
    own = {"created_at": instant(day - 0.5), "expired_at": instant(day - 0.5 + keep)}
    records = [record(day, **(told or {}))]
    return server(f"source-{day:g}", **(own | {"replication_records": records} | more))


def copied(day: float, *, keep: float = 60, **more: Any) -> Body:
    """Its copy, as the other region has it."""
    own = {"created_at": instant(day - 0.4), "expired_at": instant(day - 0.4 + keep), "image_type": "replication"}
    return server(f"copy-{day:g}", **(own | {"replication_records": [record(day)]} | more))


def here(day: float, *bodies: Body, **more: Any) -> Landed:
    return Landed(bodies, as_of=AS_OF + day * DAY, **more)


def there(day: float, *bodies: Body, **more: Any) -> Landed:
    return Landed(bodies, as_of=AS_OF + day * DAY + timedelta(hours=1), **(THERE | more))


def verdict(home: Home, control: str, *given: Landed, scope: str = "prod", verified: bool = False) -> tuple[str, str]:
    fold(home, *given)
    tiers = {"standard": {"require_verified_copy": verified}}
    policy = {"version": 1, "policy_id": "p", "effective_from": date(2026, 1, 1), "tiers": tiers}
    rules = Rules((PolicyFile(Policy.model_validate(policy | {"default_tier": "standard"}), "sha"),))
    where = f"scope = '{scope}' AND control_id = '{control}' AND subject_id = 'server-1'"
    [row] = ask(home, f"SELECT status, reason_code FROM controls.findings WHERE {where}", rules=rules)
    return row["status"], row["reason_code"]


@pytest.mark.parametrize(
    ("copy", "expected"),
    [
        (copied(9), ("pass", "verified")),
        (copied(9, expired_at=instant(10)), ("fail", "replica_lost")),
        (copied(9, children=[child("c", status="error")]), ("fail", "replica_lost")),
        (copied(9, children=[child("c", expired_at=instant(9))]), ("fail", "replica_lost")),
        (copied(9, children=None), ("unknown", "copy_not_seen")),
    ],
    ids=["whole", "past its expiry", "a disk in error", "a disk past its expiry", "disks that nobody read"],
)
def test_a_copy_is_verified_only_as_a_whole(home: Home, copy: Body, expected: tuple[str, str]) -> None:
    assert verdict(home, OFFSITE, here(10, source(9)), there(10, copy), verified=True) == expected


def test_a_place_that_was_not_read_lately_verifies_nothing(home: Home) -> None:
    given = here(5, source(4)), there(5, copied(4)), here(10, source(4), source(10, replication_records=[]))
    assert verdict(home, OFFSITE, *given, verified=True) == ("unknown", "copy_not_seen")
    assert verdict(home, OFFSITE) == ("pass", "claimed")


def test_a_copy_that_expired_since_it_was_seen_is_lost(home: Home) -> None:
    given = here(5, source(4)), there(5, copied(4, keep=3)), here(10, source(4), source(10, replication_records=[]))
    assert verdict(home, OFFSITE, *given) == ("fail", "replica_lost")


def test_a_copy_outlives_its_source(home: Home) -> None:
    rest = source(10, replication_records=[])
    given = here(5, source(5, keep=3)), there(5, copied(5)), here(10, rest), there(10, copied(5))
    assert verdict(home, OFFSITE, *given) == ("pass", "verified")
    # Its moment is that of its source, though the source is gone: a week later it is too old.
    assert verdict(home, OFFSITE, here(13, rest), there(13, copied(5))) == ("fail", "overdue")


def test_copies_are_what_is_left_where_all_was_wiped(home: Home) -> None:
    points, copies = [source(day) for day in (7, 8, 9)], [copied(day) for day in (7, 8, 9)]
    given = here(9, *points), there(9, *copies), here(10), there(10, *copies)
    assert verdict(home, OFFSITE, *given) == ("pass", "verified")
    assert verdict(home, "resource-recent-recovery-point")[0] == "fail"


def test_a_copy_is_where_it_is_seen_whatever_its_record_says(home: Home) -> None:
    given = here(10, source(9)), there(10, copied(9), region="region-1")
    assert verdict(home, OFFSITE, *given) == ("fail", "in_source_region")


def test_a_success_that_does_not_name_the_copy_is_a_claim(home: Home) -> None:
    told = {"destination_backup_id": None}
    assert verdict(home, OFFSITE, here(10, source(9, told=told))) == ("pass", "claimed")


def test_an_expiry_of_copies_that_comes_nearer_is_a_shortened_retention(home: Home) -> None:
    given = there(9, copied(8)), there(10, copied(8, keep=5)), there(15)
    assert verdict(home, SHORTENED, *given[:2], scope="there") == ("fail", "expiry_moved")


@pytest.mark.parametrize("sent", [..., None], ids=["left out", "null"])
def test_records_that_are_not_sent_are_unknown_and_not_none(home: Home, sent: Any) -> None:
    assert verdict(home, OFFSITE, here(10, source(10, replication_records=sent))) == ("unknown", "records_not_sent")
    [row] = ask(home, "SELECT status, reason_code FROM controls.replication_healthy")
    assert tuple(row.values()) == ("unknown", "records_not_sent")


def test_a_replication_that_failed_does_not_heal_by_silence(home: Home) -> None:
    fold(home, here(9, source(9, told={"status": "fail"})), here(10, source(9, replication_records=...)))
    [row] = ask(home, "SELECT status FROM controls.replication_healthy")
    assert row["status"] == "unknown"
    assert ask(home, "SELECT * FROM history.replication_records_closed") == []


def test_a_replication_is_stuck_since_it_should_have_ended(home: Home) -> None:
    fold(home, here(10, source(7, told={"status": "replicating", "created_at": instant(10 - 49 / 24)})))
    [row] = ask(home, "SELECT status, failing_since FROM controls.replication_healthy")
    assert row == {"status": "fail", "failing_since": AS_OF + 10 * DAY - timedelta(hours=1)}


def test_several_records_of_one_copy_are_told_by_the_newest(home: Home) -> None:
    other = record(
        9, id="record-0", created_at=instant(0), source_backup_id="zz", source_region="zz", source_project_id="zz"
    )
    fold(home, there(10, copied(9, replication_records=[other, record(9)])))
    [row] = ask(home, "SELECT source_backup_id, source_project_id, source_region FROM staging.stg_replications")
    assert tuple(row.values()) == ("source-9", "project-1", "region-1")


def test_a_place_that_was_read_before_the_copy_was_made_proves_no_loss(home: Home) -> None:
    recent = "resource-recent-recovery-point"
    assert verdict(home, recent, here(5), there(10, copied(9)), scope="there") == ("unknown", "source_not_complete")
    assert verdict(home, recent, here(10), scope="there") == ("fail", "only_replica_left")
