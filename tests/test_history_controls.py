"""Given snapshots of several days, what the controls that look back say at the last one."""

from datetime import timedelta
from typing import Any

import pytest

from pipelines.storage.home import Home
from tests.given import AS_OF, Body, Landed, ask, child, fold, server, volume

DAY = timedelta(days=1)
DELETED, LOST = "recovery_point_deleted_early", "resource_protection_lost"
SHORTENED, TAMPERED, DROP = "retention_shortened", "recovery_point_tampered", "backup_count_drop"
GAP, FAILURES, COMPLETE = "recovery_gap_within_rpo", "consecutive_failures", "server_backup_complete"


def instant(day: float) -> str:
    return (AS_OF + day * DAY).isoformat(timespec="microseconds")


def of_day(number: float, key: str = "", **more: Any) -> Body:
    """The backup of a day, made two hours before its snapshot and kept for 30 days."""
    own = {"created_at": instant(number - 1 / 12), "expired_at": instant(number - 1 / 12 + 30)}
    return server(key or f"b{number}", **(own | more))


def day(number: int, *bodies: Body, **more: Any) -> Landed:
    return Landed(bodies, as_of=AS_OF + number * DAY, **more)


def said(home: Home, control: str, *given: Landed) -> dict[str, tuple[str, str]]:
    fold(home, *given)
    rows = ask(home, f"SELECT * FROM controls.{control}")
    return {row["subject_id"]: (row["status"], row["reason_code"]) for row in rows}


def kept_by_count(days: int, keep: int, *, every: int = 1) -> list[Landed]:
    """Snapshots of a rotation that keeps so many points, trimmed every so many days."""
    taken = []
    held: list[Body] = []
    for number in range(days):
        held.append(of_day(number, expired_at=None))
        if number % every == 0:
            held = held[-keep:]
        taken.append(day(number, *held))
    return taken


@pytest.mark.parametrize(
    ("before", "after", "subject", "expected"),
    [
        pytest.param([of_day(0)], [of_day(4)], "b0", ("fail", "deleted_early"), id="before its expiry"),
        pytest.param([of_day(0, expired_at=instant(3))], [of_day(4)], "b0", ("pass", "expired"), id="after its expiry"),
        pytest.param(
            [of_day(0, expired_at=None, extend_info={"auto_trigger": False})],
            [of_day(4)],
            "b0",
            ("fail", "manual_deleted"),
            id="made by hand",
        ),
        pytest.param(
            [of_day(-1, expired_at=None), of_day(0, expired_at=None)],
            [of_day(-1, expired_at=None)],
            "b0",
            ("fail", "deleted_unexplained"),
            id="the newest",
        ),
        pytest.param(
            [of_day(0, status="error", expired_at=None)],
            [of_day(4)],
            "b0",
            ("pass", "failed_or_inflight_cleanup"),
            id="one that never was a point",
        ),
    ],
)
def test_a_lost_point_is_judged_by_what_explains_its_loss(
    home: Home, before: list[Body], after: list[Body], subject: str, expected: tuple[str, str]
) -> None:
    assert said(home, DELETED, day(0, *before), day(4, *after))[subject] == expected


def test_one_in_the_middle_of_a_month_may_have_been_thinned_out(home: Home) -> None:
    points = [of_day(number, expired_at=None) for number in (5, 6, 7)]
    assert said(home, DELETED, day(7, *points), day(8, points[0], points[2])) == {
        "b6": ("unknown", "possible_gfs_thinning")
    }


def test_how_early_a_point_was_deleted_is_said_in_days(home: Home) -> None:
    fold(home, day(0, of_day(0)), day(4, of_day(4)))
    [row] = ask(home, f"SELECT days_early, reason FROM controls.{DELETED}")
    assert round(row["days_early"], 2) == round(26 - 1 / 12, 2)
    assert row["reason"] == "It disappeared 25.9 d before its expiry."


def test_many_losses_of_one_vault_in_one_interval_are_a_mass_deletion(home: Home) -> None:
    points = [of_day(-number, f"p{number}") for number in range(6)]
    found = said(home, DELETED, day(0, *points), day(1, *points[:3]))
    assert found == {f"p{number}": ("fail", "mass_deletion") for number in (3, 4, 5)}
    drop = {row["subject_id"]: row["status"] for row in ask(home, f"SELECT * FROM controls.{DROP}")}
    assert drop == {"vault-1": "fail"}


def test_losses_that_are_spread_over_vaults_are_seen_together(home: Home) -> None:
    points = [of_day(0, f"p{n:02}", resource_id=f"s{n}", vault_id=f"vault-{n % 4}") for n in range(40)]
    project = "SELECT subject_id, status, reason_code FROM controls.project_backup_count_drop"
    fold(home, day(0, *points))
    assert ask(home, project)[0]["reason_code"] == "no_history"
    fold(home, day(1, *points[:38]))
    assert ask(home, project) == [{"subject_id": "prod", "status": "pass", "reason_code": "no_drop"}]
    fold(home, day(2, *points[:36]))
    assert {row["status"] for row in ask(home, f"SELECT status FROM controls.{DROP}")} == {"pass"}
    assert ask(home, project) == [{"subject_id": "prod", "status": "fail", "reason_code": "dropped"}]


def test_all_losses_of_a_vault_in_one_interval_say_that_it_was_emptied(home: Home) -> None:
    points = [of_day(-number, f"p{number}") for number in range(3)]
    other = of_day(0, "other", vault_id="vault-2", resource_id="server-2")
    found = said(home, DELETED, day(0, *points, other), day(1, other))
    assert found == {f"p{number}": ("fail", "vault_deleted") for number in range(3)}


def expiring(when: float) -> list[Body]:
    """Twenty points, of which twelve expire at the same time."""
    return [
        of_day(0, f"p{i:02}", resource_id=f"server-{i}", expired_at=instant(when if i >= 8 else 60)) for i in range(20)
    ]


def test_an_unusual_total_fails_though_each_loss_may_be_explained(home: Home) -> None:
    fold(home, *(day(number, *expiring(14.5)[: 20 if number < 15 else 8]) for number in range(16)))
    [row] = ask(home, f"SELECT status, reason_code, reason FROM controls.{DROP}")
    assert row == {
        "status": "fail",
        "reason_code": "unusually_few",
        "reason": "It has 8 points; 20 are usual.",
    }


def test_what_is_usual_is_not_told_by_another_project(home: Home) -> None:
    fold(home, *(day(number, *expiring(60)) for number in range(16)), day(16, of_day(16), project="project-2"))
    rows = {row["subject_id"]: row["status"] for row in ask(home, f"SELECT subject_id, status FROM controls.{DROP}")}
    assert rows == {"vault-1": "unknown"}


def test_points_that_can_not_be_relied_on_any_more_do_not_count(home: Home) -> None:
    points = expiring(60)
    broken = [body | {"status": "error"} for body in points[8:]]
    fold(home, *(day(number, *points) for number in range(15)), day(15, *points[:8], *broken))
    assert [row["reason_code"] for row in ask(home, f"SELECT reason_code FROM controls.{DROP}")] == ["unusually_few"]


def test_an_unusual_total_of_a_project_fails_though_no_vault_lost_many(home: Home) -> None:
    points = [point | {"vault_id": f"vault-{place % 10}"} for place, point in enumerate(expiring(14.5))]
    fold(home, *(day(number, *points[: 20 if number < 15 else 8]) for number in range(16)))
    assert {row["status"] for row in ask(home, f"SELECT status FROM controls.{DROP}")} == {"pass"}
    [row] = ask(home, "SELECT status, reason_code, reason FROM controls.project_backup_count_drop")
    assert row == {
        "status": "fail",
        "reason_code": "unusually_few",
        "reason": "It has 8 points; 20 are usual.",
    }


@pytest.mark.parametrize(
    ("sizes", "expected"),
    [
        pytest.param([40, 40, 40, 50], [], id="within a third"),
        pytest.param([40, 40, 40, 20], [-50.0], id="half of it"),
        pytest.param([40, 40, 60], [], id="too few to tell"),
    ],
)
def test_a_server_whose_size_is_unusual_is_listed(home: Home, sizes: list[int], expected: list[float]) -> None:
    points = [
        of_day(number - 5, children=[child(f"c{number}", resource_id="disk", resource_size=size)])
        for number, size in enumerate(sizes)
    ]
    fold(home, day(0, *points))
    assert [row["change_percent"] for row in ask(home, "SELECT * FROM compliance.size_changes")] == expected


def test_how_many_are_usual_is_learned_for_two_weeks(home: Home) -> None:
    fold(home, *(day(number, *expiring(4.5)[: 20 if number < 5 else 8]) for number in range(6)))
    [row] = ask(home, f"SELECT status, reason_code, reason FROM controls.{DROP}")
    assert (row["status"], row["reason_code"]) == ("pass", "no_drop")
    assert row["reason"].endswith("the usual number is not known yet.")


def test_two_losses_are_no_mass_deletion(home: Home) -> None:
    points = [of_day(-number, f"p{number}") for number in range(6)]
    assert set(said(home, DELETED, day(0, *points), day(1, *points[:4])).values()) == {("fail", "deleted_early")}
    assert [row["status"] for row in ask(home, f"SELECT * FROM controls.{DROP}")] == ["pass"]


@pytest.mark.parametrize("every", [1, 2])
def test_a_rotation_deletes_nothing_early(home: Home, every: int) -> None:
    taken = kept_by_count(9, 3, every=every)
    found = said(home, DELETED, *taken[:4], *taken[5:])  # one day was not read
    assert found
    assert set(found.values()) == {("pass", "rotated_by_count")}


@pytest.mark.parametrize(
    ("left", "expected"),
    [
        pytest.param(3, ("pass", "rotated_by_count"), id="as many as before"),
        pytest.param(2, ("fail", "deleted_unexplained"), id="one fewer"),
    ],
)
def test_points_that_moved_to_another_vault_are_counted_with_those_left(
    home: Home, left: int, expected: tuple[str, str]
) -> None:
    points = [of_day(number, expired_at=None) for number in range(6)]
    moved = [point | {"vault_id": "vault-2"} for point in points]
    stood = [day(number + 2, *points[number : number + 3]) for number in range(3)]
    found = said(home, DELETED, *stood, day(5, *moved[6 - left :]))
    assert found["b2"] == expected
    assert found["b0"] == ("pass", "rotated_by_count")


def test_a_count_that_is_lowered_shows_as_unexplained(home: Home) -> None:
    taken = kept_by_count(9, 6)
    held = [of_day(number, expired_at=None) for number in (7, 8, 9)]
    found = said(home, DELETED, *taken, day(9, *held))
    lost = [subject for subject, answer in found.items() if answer[0] == "fail"]
    assert sorted(lost) == ["b3", "b4", "b5", "b6"]


def test_what_only_a_partial_snapshot_lacks_is_not_lost(home: Home) -> None:
    assert said(home, DELETED, day(0, of_day(0), of_day(-1)), day(1, of_day(0), complete=False)) == {}


def test_a_loss_stays_a_finding_for_thirty_days(home: Home) -> None:
    fresh = [day(number, of_day(number)) for number in (1, 30)]
    assert said(home, DELETED, day(0, of_day(0)), *fresh)["b0"] == ("fail", "deleted_early")
    assert "b0" not in said(home, DELETED, day(32, of_day(32)))


@pytest.mark.parametrize(
    ("days", "expected"),
    [
        pytest.param([[of_day(0)], [of_day(1)]], ("pass", "has_points"), id="has points"),
        pytest.param([[of_day(0)], [volume("v")]], ("fail", "vanished_from_backups"), id="its last one vanished"),
        pytest.param(
            [[of_day(0, expired_at=instant(0.5))], [of_day(0, expired_at=instant(0.5))]],
            ("fail", "none_dependable_left"),
            id="its last one expired and is still listed",
        ),
        pytest.param(
            [[of_day(0)], [of_day(1, status="error")]], ("fail", "none_dependable_left"), id="only failures are left"
        ),
        pytest.param(
            [[of_day(0, status="error")], [of_day(0, status="error")]],
            ("not_applicable", "never_had_one"),
            id="never had one",
        ),
        pytest.param(
            [[of_day(0)], [of_day(1, expired_at="soon")]], ("unknown", "expiry_not_readable"), id="nobody knows"
        ),
    ],
)
def test_a_resource_that_loses_its_last_point_stays_in_the_report(
    home: Home, days: list[list[Body]], expected: tuple[str, str]
) -> None:
    found = said(home, LOST, *(day(number, *bodies) for number, bodies in enumerate(days)))
    assert found["server-1"] == expected


def test_a_lost_resource_and_its_disks_fail_until_nobody_looks_back_so_far(home: Home) -> None:
    fold(home, day(0, of_day(0), volume("v")), day(1, volume("v", created_at=instant(0.9))))
    rows = ask(home, "SELECT resource_id, recency, verdict FROM compliance.resource_compliance ORDER BY 1")
    lost = [row["resource_id"] for row in rows if row["recency"] == "fail" and row["verdict"] == "non_compliant"]
    assert lost == ["disk-of-child-of-b0", "server-1"]
    fold(home, day(95, volume("v", created_at=instant(95))))
    assert [row["resource_id"] for row in ask(home, "SELECT resource_id FROM intermediate.int_resources")] == ["disk-1"]


def lives(*days_kept: float) -> list[Body]:
    """Automatic backups of one server, a day apart, that are kept for so many days each."""
    return [of_day(number, expired_at=instant(number - 1 / 12 + kept)) for number, kept in enumerate(days_kept)]


@pytest.mark.parametrize(
    ("bodies", "expected"),
    [
        pytest.param(lives(30, 30, 30, 30, 30), ("pass", "as_usual"), id="as ever"),
        pytest.param(lives(30, 30, 30, 30, 14), ("fail", "life_shortened"), id="the newest lives shorter"),
        pytest.param(lives(30, 30, 30, 14, 14, 14, 14), ("fail", "life_shortened"), id="it stays a finding"),
        pytest.param(lives(14, 14, 14, 14, 30), ("pass", "as_usual"), id="lengthened"),
        pytest.param(lives(30, 30, 30, 28), ("pass", "as_usual"), id="hardly shorter"),
        pytest.param(lives(30, 30), ("unknown", "baseline"), id="too few to tell"),
        pytest.param(
            [*lives(30, 30, 30, 30), of_day(4, expired_at=None)], ("unknown", "expiry_dropped"), id="no expiry any more"
        ),
        pytest.param([of_day(0, expired_at=None)], ("not_applicable", "no_dated_point"), id="kept by count"),
    ],
)
def test_retention_is_compared_with_what_was_usual(home: Home, bodies: list[Body], expected: tuple[str, str]) -> None:
    found = said(home, SHORTENED, day(len(bodies), *bodies))
    assert found["server-1"] == expected


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        pytest.param(instant(30), instant(14), ("fail", "expiry_moved"), id="nearer"),
        pytest.param(None, instant(14), ("fail", "expiry_moved"), id="there where none was"),
        pytest.param(instant(30), instant(30 - 0.5 / 24), ("unknown", "baseline"), id="within the tolerance"),
        pytest.param(instant(14), instant(30), ("unknown", "baseline"), id="later"),
    ],
)
def test_an_expiry_that_comes_nearer_is_a_shortened_retention(
    home: Home, old: str | None, new: str, expected: tuple[str, str]
) -> None:
    given = (day(number, of_day(0, expired_at=expiry)) for number, expiry in enumerate([old, new, new]))
    assert said(home, SHORTENED, *given)["server-1"] == expected


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({}, ("pass", "as_it_was")),
        ({"name": "new"}, ("pass", "as_it_was")),
        ({"vault_id": "vault-2"}, ("pass", "as_it_was")),
        ({"expired_at": instant(9)}, ("pass", "as_it_was")),
        ({"created_at": instant(-3)}, ("fail", "changed")),
        ({"resource_id": "server-2"}, ("fail", "changed")),
        ({"checkpoint_id": "checkpoint-2"}, ("fail", "changed")),
        ({"resource_size": 41}, ("fail", "changed")),
        ({"image_type": "replication"}, ("fail", "changed")),
        (
            {"children": [child("child-of-b0", extend_info={"encrypted": False})]},
            ("fail", "changed"),
        ),
        ({"children": []}, ("fail", "child_removed")),
    ],
)
def test_nothing_of_a_point_may_change(home: Home, change: Body, expected: tuple[str, str]) -> None:
    found = said(home, TAMPERED, day(0, of_day(0)), day(1, of_day(0, **change), of_day(1)))
    assert found == {"b0": expected, "b1": ("not_applicable", "seen_once")}


def test_a_change_that_was_taken_back_is_still_a_change(home: Home) -> None:
    found = said(home, TAMPERED, *(day(n, of_day(0, resource_size=size)) for n, size in enumerate([40, 41, 40])))
    assert found["b0"] == ("fail", "changed")


TWO = [child("c1"), child("c2")]


@pytest.mark.parametrize(
    ("later", "expected"),
    [
        pytest.param([of_day(0, children=TWO[:1])], ("fail", "child_removed"), id="since the newest reading"),
        pytest.param(
            [of_day(0, children=TWO[:1]), None], ("fail", "child_removed"), id="before its details were not read once"
        ),
        pytest.param([None, None, of_day(0, children=TWO[:1])], ("fail", "child_removed"), id="after they were not"),
        pytest.param(
            [of_day(0, children=TWO[:1]), of_day(0, children=TWO[:1], status="deleting")],
            ("fail", "child_removed"),
            id="and then the whole is deleted",
        ),
        pytest.param([None, of_day(0, children=TWO)], ("pass", "as_it_was"), id="it was never gone"),
        pytest.param([of_day(0, children=[TWO[0], {"id": None}])], ("pass", "as_it_was"), id="it could not be loaded"),
        pytest.param(
            [of_day(0, children=[TWO[0], child("c2", resource_size=99)])], ("fail", "changed"), id="its size changed"
        ),
        pytest.param(
            [of_day(0, children=TWO, resource_size=None), of_day(0, children=TWO, resource_size=60)],
            ("fail", "changed"),
            id="a size that was not said in between",
        ),
        pytest.param([of_day(0, children=TWO, parent_id=None)], ("pass", "as_it_was"), id="what is not said any more"),
    ],
)
def test_what_stood_in_a_whole_point_is_compared(
    home: Home, later: list[Body | None], expected: tuple[str, str]
) -> None:
    whole = of_day(0, children=TWO, parent_id="x")
    fold(home, day(0, whole))
    for number, body in enumerate(later, 1):
        fold(home, day(number, body) if body else Landed([], [whole | {"children": []}], as_of=AS_OF + number * DAY))
    assert said(home, TAMPERED)["b0"] == expected


def test_parts_that_were_not_read_are_not_gone(home: Home) -> None:
    point = of_day(0)
    fold(home, day(0, point), Landed([], [point | {"children": []}], as_of=AS_OF + timedelta(days=1)))
    assert said(home, TAMPERED)["b0"] == ("pass", "as_it_was")
    assert said(home, TAMPERED, day(2, point))["b0"] == ("pass", "as_it_was")


def test_an_encryption_that_was_away_for_a_time_is_a_change(home: Home) -> None:
    plain = of_day(0, children=[child("child-of-b0", extend_info={"encrypted": False})])
    assert said(home, TAMPERED, day(0, of_day(0)), day(1, plain), day(2, of_day(0)))["b0"] == ("fail", "changed")


def test_what_was_captured_later_is_no_change(home: Home) -> None:
    found = said(home, TAMPERED, day(0, of_day(0)), day(1, of_day(0, protected_at=instant(-0.08))))
    assert found["b0"] == ("pass", "as_it_was")


def gaps(home: Home, *given: Landed) -> dict[str, Any]:
    fold(home, *given)
    [row] = [row for row in ask(home, f"SELECT * FROM controls.{GAP}") if row["subject_id"] == "server-1"]
    return row


def test_a_day_on_which_nothing_shows_a_point_is_not_fine(home: Home) -> None:
    broken = [volume(f"x{n}", created_at=instant(n - 0.1), status="error", expired_at=None) for n in (1, 3)]
    fold(
        home,
        *(day(n, *[of_day(k) for k in range(2, n + 1)], *[b for b in broken if b["id"] <= f"x{n}"]) for n in range(5)),
    )
    rows = ask(home, "SELECT resource_id, day, status FROM compliance.rpo_daily WHERE day >= '2026-03-01'")
    found = {
        name: [r["status"] for r in sorted(rows, key=lambda r: r["day"]) if r["resource_id"] == name]
        for name in ("server-1", "disk-1")
    }
    assert found == {
        "server-1": ["no_snapshot", "no_snapshot", "ok", "ok", "ok"],
        "disk-1": ["no_snapshot", "failed_only", "missed", "failed_only", "missed"],
    }


def test_daily_points_leave_no_gap(home: Home) -> None:
    row = gaps(home, day(9, *(of_day(number) for number in range(10))))
    assert (row["status"], row["breaches"], row["measured_value"]) == ("pass", 0, 100.0)


def test_a_gap_counts_for_what_is_beyond_the_rpo(home: Home) -> None:
    row = gaps(home, day(9, *(of_day(number) for number in (0, 1, 2, 5, 6, 7, 8, 9))))
    assert (row["status"], row["reason_code"], row["breaches"]) == ("fail", "gaps", 1)
    assert (round(row["max_gap_hours"]), round(row["exposure_hours"])) == (72, 48)
    assert round(row["measured_value"], 1) == round(100 - 100 * 48 / (9 * 24 + 2), 1)


def test_an_open_gap_fails_however_good_the_rest_is(home: Home) -> None:
    row = gaps(home, day(29, *(of_day(number) for number in range(28))))
    assert (row["status"], row["reason_code"], round(row["open_gap_hours"])) == ("fail", "open_gap", 50)


def test_a_point_that_is_gone_fills_the_gap_and_can_not_be_restored_from(home: Home) -> None:
    points = [of_day(number, expired_at=None) for number in range(4)]
    row = gaps(home, day(3, *points), day(4, points[0], points[2], points[3], of_day(4, expired_at=None)))
    assert (row["status"], row["breaches"]) == ("pass", 0)
    assert round(row["restorable_now_max_gap_hours"]) == 48


def test_gaps_between_points_that_may_never_have_been_seen_are_unknown(home: Home) -> None:
    short = {"expired_at": instant(1)}
    first = day(0, of_day(0, **short))
    later = day(9, of_day(9, expired_at=instant(10)))
    row = gaps(home, first, later)
    assert (row["status"], row["reason_code"]) == ("unknown", "not_observed")


def test_the_gaps_of_a_disk_that_is_in_each_backup_are_those_of_its_server(home: Home) -> None:
    points = [of_day(number, children=[child("d")]) for number in (0, 1, 5)]
    fold(home, day(5, *points))
    sql = "SELECT resource_id, gap_start, gap_end, hours, is_breach, hours_now FROM intermediate.int_gaps ORDER BY ALL"
    rows = ask(home, sql)
    own = [tuple(row.values())[1:] for row in rows if row["resource_id"] == "server-1"]
    assert own == [tuple(row.values())[1:] for row in rows if row["resource_id"] == "disk-of-d"]
    assert len(own) == 2


def test_a_disk_that_one_backup_lacks_has_gaps_of_its_own(home: Home) -> None:
    points = [of_day(0, children=[child("d")]), of_day(1), of_day(2, children=[child("d")])]
    fold(home, day(2, *points))
    sql = "SELECT hours FROM intermediate.int_gaps WHERE resource_id = 'disk-of-d' AND is_breach"
    assert [row["hours"] for row in ask(home, sql)] == [48.0]


def test_failures_that_were_purged_still_count(home: Home) -> None:
    failed = [of_day(number, status="error", expired_at=None) for number in range(5)]
    given = (day(number, *failed[max(0, number - 1) : number + 1], volume("v")) for number in range(5))
    fold(home, *given)
    [row] = [row for row in ask(home, f"SELECT * FROM controls.{FAILURES}") if row["subject_id"] == "server-1"]
    assert (row["status"], row["measured_value"]) == ("fail", 5)


def test_a_session_in_shanghai_says_the_same(home: Home) -> None:
    fold(home, day(0, of_day(0), of_day(-1)), day(1, of_day(0)), day(3, of_day(3)))
    for sql in (
        "SELECT control_id, subject_id, status, reason_code, reason, failing_since FROM controls.findings ORDER BY ALL",
        "SELECT * FROM compliance.rpo_daily ORDER BY ALL",
        "SELECT * FROM compliance.protection_trend_daily ORDER BY ALL",
    ):
        here = ask(home, sql)
        assert here
        assert ask(home, sql, zone="Asia/Shanghai") == here


def test_a_disk_that_later_backups_lack_was_dropped(home: Home) -> None:
    def of_disks(number: int, *disks: str) -> Body:
        return of_day(number, children=[child(f"{disk}-{number}", resource_id=disk) for disk in disks])

    both, one = ("system", "data"), ("system",)
    found = said(home, COMPLETE, day(4, of_disks(0, *both), of_disks(1, *both), of_disks(2, *one), of_disks(3, *one)))
    assert found == {
        "b0": ("pass", "complete_size_differs"),
        "b1": ("pass", "complete_size_differs"),
        "b2": ("fail", "disk_dropped"),
        "b3": ("fail", "disk_dropped"),
    }
    found = said(home, COMPLETE, day(5, of_disks(1, *both), of_disks(2, *one), of_disks(4, *both)))
    assert found["b2"] == ("fail", "disk_dropped")
    assert found["b4"][0] == "pass"


def test_a_loss_is_remembered_for_as_long_as_is_looked_back(home: Home) -> None:
    failed = {"status": "error", "expired_at": None}
    found = said(home, LOST, day(0, of_day(0)), day(1, of_day(1, **failed)), day(60, of_day(1, **failed)))
    assert found["server-1"] == ("fail", "none_dependable_left")
    assert said(home, LOST, day(95, of_day(1, **failed)))["server-1"] == ("not_applicable", "never_had_one")


def test_a_point_from_the_future_fills_no_gap(home: Home) -> None:
    row = gaps(home, day(9, of_day(0), of_day(1), of_day(12, expired_at=instant(60))))
    assert (row["status"], row["reason_code"]) == ("fail", "open_gap")


def test_where_another_project_is_read_nothing_is_lost(home: Home) -> None:
    fold(home, day(0, of_day(0)), day(1, volume("v", created_at=instant(0.9)), project="project-2"))
    assert ask(home, "SELECT resource_id FROM intermediate.int_resources") == [{"resource_id": "disk-1"}]
    found = ask(home, f"SELECT status, reason_code FROM controls.{DELETED}")
    assert found == [{"status": "unknown", "reason_code": "vault_or_project_not_seen"}]


def test_the_window_begins_with_the_window_where_nothing_is_missing_at_its_begin(home: Home) -> None:
    points = [
        of_day(number, f"p{number}", expired_at=instant(99)) for number in range(40) if number not in (20, 21, 22)
    ]
    fold(home, day(39, *points))
    [row] = [row for row in ask(home, f"SELECT * FROM controls.{GAP}") if row["subject_id"] == "server-1"]
    assert (row["window_days"], row["exposure_hours"], row["measured_value"]) == (30.0, 72.0, 90.0)


@pytest.mark.parametrize(
    ("told", "expected"),
    [("02:00:04.123", "pass"), ("02:00:04", "pass"), ("02:00:04.500001", "fail"), ("02:00:04.125", "fail")],
)
def test_when_a_part_was_created_is_compared_in_the_coarser_precision(home: Home, told: str, expected: str) -> None:
    def of(created_at: str) -> Body:
        return of_day(0, children=[child("d", created_at=f"2026-03-01T{created_at}")])

    fold(home, day(0, of("02:00:04.123456")), day(1, of(told)))
    [row] = ask(home, f"SELECT status FROM controls.{TAMPERED}")
    assert row["status"] == expected
