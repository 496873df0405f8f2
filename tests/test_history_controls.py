"""Given snapshots of several days, what the controls that look back say at the last one."""

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

import pytest

from pipelines.storage.home import Home
from tests.given import AS_OF, Body, Landed, ask_all, child, fold, server, volume
from tests.together import Results, lands

DAY = timedelta(days=1)
DELETED, LOST = "recovery-point-deleted-early", "resource-protection-lost"
SHORTENED, TAMPERED, DROP = "retention-shortened", "recovery-point-tampered", "backup-count-drop"
GAP, FAILURES, COMPLETE = "controls.recovery_gap_within_rpo", "consecutive-failures", "server-backup-complete"
PROJECT_DROP = "project-backup-count-drop"


def instant(day: float) -> str:
    return (AS_OF + day * DAY).isoformat(timespec="microseconds")


def of_day(number: float, key: str = "", **more: Any) -> Body:
    """The backup of a day, made two hours before its snapshot and kept for 30 days."""
    own = {"created_at": instant(number - 1 / 12), "expired_at": instant(number - 1 / 12 + 30)}
    return server(key or f"b{number}", **(own | more))


def day(number: int, *bodies: Body, **more: Any) -> Landed:
    return Landed(bodies, as_of=AS_OF + number * DAY, **more)


def days(*each: Iterable[Body]) -> list[Landed]:
    """A snapshot a day, from the first on."""
    return [day(number, *bodies) for number, bodies in enumerate(each)]


def verdict(results: Results, control: str) -> tuple[str, str, str]:
    """Status, code and reason of the one subject of a control."""
    [row] = [row for row in results.rows("controls.findings") if row["control_id"] == control]
    return row["status"], row["reason_code"], row["reason"]


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


@lands(lambda before, after: [day(0, *before), day(4, *after)])
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
    results: Results, before: list[Body], after: list[Body], subject: str, expected: tuple[str, str]
) -> None:
    assert results[DELETED, subject] == expected


THREE = [of_day(number, expired_at=None) for number in (5, 6, 7)]


@lands(day(7, *THREE), day(8, THREE[0], THREE[2]))
def test_one_in_the_middle_of_a_month_may_have_been_thinned_out(results: Results) -> None:
    assert results.of(DELETED) == {"b6": ("unknown", "possible_gfs_thinning")}


@lands(day(0, of_day(0)), day(4, of_day(4)))
def test_how_early_a_point_was_deleted_is_said_in_days(results: Results) -> None:
    [row] = results.rows("controls.recovery_point_deleted_early")
    assert round(row["days_early"], 2) == round(26 - 1 / 12, 2)
    assert row["reason"] == "It disappeared 25.9 d before its expiry."


SIX = [of_day(-number, f"p{number}") for number in range(6)]


@lands(lambda: days(SIX, SIX[:3]))
def test_many_losses_of_one_vault_in_one_interval_are_a_mass_deletion(results: Results) -> None:
    assert results.of(DELETED) == {f"p{number}": ("fail", "mass_deletion") for number in (3, 4, 5)}
    assert {vault: status for vault, (status, _) in results.of(DROP).items()} == {"vault-1": "fail"}


SPREAD = [of_day(0, f"p{n:02}", resource_id=f"s{n}", vault_id=f"vault-{n % 4}") for n in range(40)]


@lands(lambda left: days(*(SPREAD[:count] for count in left)), alone=True)
@pytest.mark.parametrize(
    ("left", "expected"),
    [
        pytest.param([40], ("unknown", "no_history"), id="first"),
        pytest.param([40, 38], ("pass", "no_drop"), id="few"),
        pytest.param([40, 38, 36], ("fail", "dropped"), id="many"),
    ],
)
def test_losses_that_are_spread_over_vaults_are_seen_together(
    results: Results, left: list[int], expected: tuple[str, str]
) -> None:
    assert results.of(PROJECT_DROP) == {"prod": expected}
    assert {status for status, _ in results.of(DROP).values()} == {"pass" if len(left) > 1 else "unknown"}


@lands(
    lambda: days([*SIX[:3], other := of_day(0, "other", vault_id="vault-2", resource_id="server-2")], [other]),
)
def test_all_losses_of_a_vault_in_one_interval_say_that_it_was_emptied(results: Results) -> None:
    assert results.of(DELETED) == {f"p{number}": ("fail", "vault_deleted") for number in range(3)}


def expiring(when: float) -> list[Body]:
    """Twenty points, of which twelve expire at the same time."""
    return [
        of_day(0, f"p{i:02}", resource_id=f"server-{i}", expired_at=instant(when if i >= 8 else 60)) for i in range(20)
    ]


UNUSUAL = ("fail", "unusually_few", "It has 8 points; 20 are usual.")


@lands(lambda: days(*[expiring(14.5)] * 15, expiring(14.5)[:8]))
def test_an_unusual_total_fails_though_each_loss_may_be_explained(results: Results) -> None:
    assert verdict(results, DROP) == UNUSUAL


@lands(lambda: [*days(*[expiring(60)] * 16), day(16, of_day(16), project="project-2")])
def test_what_is_usual_is_not_told_by_another_project(results: Results) -> None:
    assert {vault: status for vault, (status, _) in results.of(DROP).items()} == {"vault-1": "unknown"}


@lands(
    lambda: days(*[points := expiring(60)] * 15, [*points[:8], *(point | {"status": "error"} for point in points[8:])])
)
def test_points_that_can_not_be_relied_on_any_more_do_not_count(results: Results) -> None:
    assert verdict(results, DROP)[1] == "unusually_few"


def over_ten_vaults(points: list[Body]) -> list[Body]:
    return [point | {"vault_id": f"vault-{number % 10}"} for number, point in enumerate(points)]


@lands(lambda: days(*[points := over_ten_vaults(expiring(14.5))] * 15, points[:8]), alone=True)
def test_an_unusual_total_of_a_project_fails_though_no_vault_lost_many(results: Results) -> None:
    assert {status for status, _ in results.of(DROP).values()} == {"pass"}
    assert verdict(results, PROJECT_DROP) == UNUSUAL


def of_sizes(sizes: list[int]) -> list[Landed]:
    """Points of a day each, whose only disk has these sizes."""
    disks = [child(f"c{number}", resource_id="disk", resource_size=size) for number, size in enumerate(sizes)]
    return days([of_day(number - 5, children=[disk]) for number, disk in enumerate(disks)])


@lands(of_sizes)
@pytest.mark.parametrize(
    ("sizes", "expected"),
    [
        pytest.param([40, 40, 40, 50], [], id="within a third"),
        pytest.param([40, 40, 40, 20], [-50.0], id="half of it"),
        pytest.param([40, 40, 60], [], id="too few to tell"),
    ],
)
def test_a_server_whose_size_is_unusual_is_listed(results: Results, sizes: list[int], expected: list[float]) -> None:
    assert [row["change_percent"] for row in results.rows("compliance.size_changes")] == expected


@lands(lambda: days(*[expiring(4.5)] * 5, expiring(4.5)[:8]))
def test_how_many_are_usual_is_learned_for_two_weeks(results: Results) -> None:
    status, code, reason = verdict(results, DROP)
    assert (status, code) == ("pass", "no_drop")
    assert reason.endswith("the usual number is not known yet.")


@lands(lambda: days(SIX, SIX[:4]))
def test_two_losses_are_no_mass_deletion(results: Results) -> None:
    assert set(results.of(DELETED).values()) == {("fail", "deleted_early")}
    assert [status for status, _ in results.of(DROP).values()] == ["pass"]


@lands(lambda every: (taken := kept_by_count(9, 3, every=every))[:4] + taken[5:])  # one day was not read
@pytest.mark.parametrize("every", [1, 2])
def test_a_rotation_deletes_nothing_early(results: Results, every: int) -> None:
    assert set(results.of(DELETED).values()) == {("pass", "rotated_by_count")}


def moved(left: int) -> list[Landed]:
    """A rotation of three, and in the end so many points of it in another vault."""
    points = [of_day(number, expired_at=None) for number in range(6)]
    steady = [day(number, *points[max(0, number - 2) : number + 1]) for number in range(5)]
    return [*steady, day(5, *(point | {"vault_id": "vault-2"} for point in points[6 - left :]))]


@lands(moved)
@pytest.mark.parametrize(
    ("left", "expected"),
    [
        pytest.param(3, ("pass", "rotated_by_count"), id="as many as before"),
        pytest.param(2, ("fail", "deleted_unexplained"), id="one fewer"),
    ],
)
def test_points_that_moved_to_another_vault_are_counted_with_those_left(
    results: Results, left: int, expected: tuple[str, str]
) -> None:
    assert results[DELETED, "b2"] == expected
    assert results[DELETED, "b0"] == ("pass", "rotated_by_count")


@lands(lambda: [*kept_by_count(15, 6), day(15, *(of_day(number, expired_at=None) for number in (13, 14, 15)))])
def test_a_count_that_is_lowered_shows_as_unexplained(results: Results) -> None:
    lost = [subject for subject, answer in results.of(DELETED).items() if answer[0] == "fail"]
    assert set(lost) == {"b9", "b10", "b11", "b12"}


@lands(day(0, of_day(0), of_day(-1)), day(1, of_day(0), complete=False))
def test_what_only_a_partial_snapshot_lacks_is_not_lost(results: Results) -> None:
    assert results.of(DELETED) == {}
    assert results.of(LOST)["server-1"] == ("pass", "has_points")


@lands(lambda read: [day(number, of_day(number)) for number in read])
@pytest.mark.parametrize(
    ("read", "expected"),
    [
        pytest.param([0, 1, 30], ("fail", "deleted_early"), id="on the thirtieth"),
        pytest.param([0, 1, 30, 32], None, id="later"),
    ],
)
def test_a_loss_stays_a_finding_for_thirty_days(
    results: Results, read: list[int], expected: tuple[str, str] | None
) -> None:
    losses = results.of(DELETED)
    assert losses.get("b0") == expected
    assert losses["b1"] == ("fail", "deleted_early")


@lands(lambda each: days(*each))
@pytest.mark.parametrize(
    ("each", "expected"),
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
    results: Results, each: list[list[Body]], expected: tuple[str, str]
) -> None:
    assert results[LOST, "server-1"] == expected


LOSS = [day(0, of_day(0), volume("v")), day(1, volume("v", created_at=instant(0.9)))]


@lands(lambda then: [*LOSS, *then])
@pytest.mark.parametrize(
    ("then", "lost"),
    [
        pytest.param([], ["disk-of-child-of-b0", "server-1"], id="next day"),
        pytest.param(
            [day(number, volume("v", created_at=instant(number), expired_at=None)) for number in (60, 95)],
            [],
            id="three months later",
        ),
    ],
)
def test_a_lost_resource_and_its_disks_fail_until_nobody_looks_back_so_far(
    results: Results, then: list[Landed], lost: list[str]
) -> None:
    rows = results.rows("compliance.resource_compliance", "resource_id", "recency", "verdict")
    assert [resource for resource, *verdicts in rows if verdicts == ["fail", "non_compliant"]] == lost
    assert results.rows("intermediate.int_resources", "resource_id") == [(name,) for name in ["disk-1", *lost]]


def lives(*days_kept: float) -> list[Body]:
    """Automatic backups of one server, a day apart, that are kept for so many days each."""
    return [of_day(number, expired_at=instant(number - 1 / 12 + kept)) for number, kept in enumerate(days_kept)]


@lands(lambda bodies: [day(9, *bodies)])
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
def test_retention_is_compared_with_what_was_usual(
    results: Results, bodies: list[Body], expected: tuple[str, str]
) -> None:
    assert results[SHORTENED, "server-1"] == expected


@lands(lambda old, new: days(*([of_day(0, expired_at=expiry)] for expiry in (old, new, new))))
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
    results: Results, old: str | None, new: str, expected: tuple[str, str]
) -> None:
    assert results[SHORTENED, "server-1"] == expected


@lands(lambda change: days([of_day(0)], [of_day(0, **change), of_day(1)]))
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
def test_nothing_of_a_point_may_change(results: Results, change: Body, expected: tuple[str, str]) -> None:
    assert results.of(TAMPERED) == {"b0": expected, "b1": ("not_applicable", "seen_once")}


@lands(lambda: days(*([of_day(0, resource_size=size)] for size in (40, 41, 40))))
def test_a_change_that_was_taken_back_is_still_a_change(results: Results) -> None:
    assert results[TAMPERED, "b0"] == ("fail", "changed")


def as_listed(number: int, body: Body) -> Landed:
    """A snapshot of which no details were read."""
    return Landed([], [body | {"children": []}], as_of=AS_OF + number * DAY)


PLAIN = {"encrypted": False}
TWO = [child("c1"), child("c2")]
WHOLE = of_day(0, children=TWO, parent_id="x")


@lands(
    day(0, WHOLE),
    lambda later: [day(n, body) if body else as_listed(n, WHOLE) for n, body in enumerate(later, 1)],
)
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
    results: Results, later: list[Body | None], expected: tuple[str, str]
) -> None:
    assert results[TAMPERED, "b0"] == expected


@lands(day(0, of_day(0)), as_listed(1, of_day(0)), lambda then: then)
@pytest.mark.parametrize(
    "then", [pytest.param([], id="not yet"), pytest.param([day(2, of_day(0))], id="but the next day")]
)
def test_parts_that_were_not_read_are_not_gone(results: Results, then: list[Landed]) -> None:
    assert results[TAMPERED, "b0"] == ("pass", "as_it_was")


@lands(lambda: days([of_day(0)], [of_day(0, children=[child("child-of-b0", extend_info=PLAIN)])], [of_day(0)]))
def test_an_encryption_that_was_away_for_a_time_is_a_change(results: Results) -> None:
    assert results[TAMPERED, "b0"] == ("fail", "changed")


@lands(day(0, of_day(0)), day(1, of_day(0, protected_at=instant(-0.08))))
def test_what_was_captured_later_is_no_change(results: Results) -> None:
    assert results[TAMPERED, "b0"] == ("pass", "as_it_was")


def gaps(results: Results, subject: str = "server-1") -> dict[str, Any]:
    rows: list[dict[str, Any]] = [row for row in results.rows(GAP) if row["subject_id"] == subject]
    [row] = rows
    return row


def nothing_on_some_days() -> list[Landed]:
    broken = [volume(f"x{n}", created_at=instant(n - 0.1), status="error", expired_at=None) for n in (1, 3)]
    return days(*([*map(of_day, range(2, n + 1)), *(b for b in broken if b["id"] <= f"x{n}")] for n in range(5)))


@lands(nothing_on_some_days)
def test_a_day_on_which_nothing_shows_a_point_is_not_fine(results: Results) -> None:
    rows = results.rows("compliance.rpo_daily", "day", "resource_id", "status")
    found = {
        name: [status for when, resource, status in rows if resource == name and str(when) >= "2026-03-01"]
        for name in ("server-1", "disk-1")
    }
    assert found == {
        "server-1": ["no_snapshot", "no_snapshot", "ok", "ok", "ok"],
        "disk-1": ["no_snapshot", "failed_only", "missed", "failed_only", "missed"],
    }


@lands(day(9, *map(of_day, range(10))))
def test_daily_points_leave_no_gap(results: Results) -> None:
    row = gaps(results)
    assert (row["status"], row["breaches"], row["measured_value"]) == ("pass", 0, 100.0)


@lands(day(9, *map(of_day, (0, 1, 2, 5, 6, 7, 8, 9))))
def test_a_gap_counts_for_what_is_beyond_the_rpo(results: Results) -> None:
    row = gaps(results)
    assert (row["status"], row["reason_code"], row["breaches"]) == ("fail", "gaps", 1)
    assert (round(row["max_gap_hours"]), round(row["exposure_hours"])) == (72, 48)
    assert round(row["measured_value"], 1) == round(100 - 100 * 48 / (9 * 24 + 2), 1)


@lands(day(39, *map(of_day, range(10, 38))))
def test_an_open_gap_fails_however_good_the_rest_is(results: Results) -> None:
    row = gaps(results)
    assert (row["status"], row["reason_code"], round(row["open_gap_hours"])) == ("fail", "open_gap", 50)


FOUR = [of_day(number, expired_at=None) for number in (4, 5, 6, 7)]


@lands(day(7, *FOUR), day(8, FOUR[0], FOUR[2], FOUR[3], of_day(8, expired_at=None)))
def test_a_point_that_is_gone_fills_the_gap_and_can_not_be_restored_from(results: Results) -> None:
    row = gaps(results)
    assert (row["status"], row["breaches"]) == ("pass", 0)
    assert round(row["restorable_now_max_gap_hours"]) == 48


@lands(day(0, of_day(0, expired_at=instant(1))), day(9, of_day(9, expired_at=instant(10))))
def test_gaps_between_points_that_may_never_have_been_seen_are_unknown(results: Results) -> None:
    row = gaps(results)
    assert (row["status"], row["reason_code"]) == ("unknown", "not_observed")


@lands(day(9, *(of_day(number, children=[child("d")]) for number in (4, 5, 9))))
def test_the_gaps_of_a_disk_that_is_in_each_backup_are_those_of_its_server(results: Results) -> None:
    columns = ("resource_id", "gap_start", "gap_end", "hours", "is_breach", "hours_now")
    rows = results.rows("intermediate.int_gaps", *columns)
    own = [row[1:] for row in rows if row[0] == "server-1"]
    assert own == [row[1:] for row in rows if row[0] == "disk-of-d"]
    assert len(own) == 2


@lands(day(9, of_day(7, children=[child("d")]), of_day(8), of_day(9, children=[child("d")])))
def test_a_disk_that_one_backup_lacks_has_gaps_of_its_own(results: Results) -> None:
    rows = results.rows("intermediate.int_gaps", "resource_id", "is_breach", "hours")
    assert [hours for resource, is_breach, hours in rows if resource == "disk-of-d" and is_breach] == [48.0]


def of_broken_disk(number: int) -> Body:
    return of_day(number, children=[child(f"d{number}", resource_id="data", status="error")])


WITH_DISK = [of_day(number, children=[child(f"d{number}", resource_id="data")]) for number in range(5)]
BROKEN = [day(2, *WITH_DISK[:3]), day(3, *WITH_DISK[:2], of_broken_disk(2), WITH_DISK[3])]


@lands(*BROKEN, lambda then: then)
@pytest.mark.parametrize(
    "then",
    [
        pytest.param([], id="its backup is there"),
        pytest.param([day(4, WITH_DISK[0], WITH_DISK[1], WITH_DISK[3], WITH_DISK[4])], id="its backup is gone"),
    ],
)
def test_a_disk_that_broke_later_was_restorable_and_left_no_gap(results: Results, then: list[Landed]) -> None:
    assert gaps(results, "data")["breaches"] == 0


FUTURE = of_day(60, children=[child("f", resource_id="data")])


@lands(*(day(number, FUTURE) for number in range(3)))
def test_what_has_only_a_point_dated_in_the_future_is_unprotected_since_that_was_seen(results: Results) -> None:
    rows = results.rows("intermediate.int_unprotected", "resource_id", "unprotected_since")
    assert sorted(rows) == [("data", AS_OF), ("server-1", AS_OF)]


def purged_failures() -> list[Landed]:
    failed = [of_day(number, status="error", expired_at=None) for number in range(5)]
    return days(*([*failed[max(0, number - 1) : number + 1], volume("v")] for number in range(5)))


@lands(purged_failures)
def test_failures_that_were_purged_still_count(results: Results) -> None:
    rows = results.rows("controls.findings", "control_id", "subject_id", "status", "measured_value")
    assert [row[2:] for row in rows if row[:2] == (FAILURES, "server-1")] == [("fail", 5)]


ALL_RESULTS = (
    "SELECT control_id, subject_id, status, reason_code, reason, failing_since FROM controls.findings ORDER BY ALL",
    "SELECT * FROM compliance.rpo_daily ORDER BY ALL",
    "SELECT * FROM compliance.protection_trend_daily ORDER BY ALL",
)


def test_a_session_in_shanghai_says_the_same(home: Home) -> None:
    fold(home, day(0, of_day(0), of_day(-1)), day(1, of_day(0)), day(3, of_day(3)))
    here = ask_all(home, *ALL_RESULTS)
    assert all(here)
    assert ask_all(home, *ALL_RESULTS, zone="Asia/Shanghai") == here


def of_disks(number: int, *disks: str) -> Body:
    return of_day(number, children=[child(f"{disk}-{number}", resource_id=disk) for disk in disks])


BOTH, SYSTEM = ("system", "data"), ("system",)
DISKS = day(4, of_disks(0, *BOTH), of_disks(1, *BOTH), of_disks(2, *SYSTEM), of_disks(3, *SYSTEM))
WHOLE_ONE, DROPPED = ("pass", "complete_size_differs"), ("fail", "disk_dropped")


@lands(DISKS, lambda then: then)
@pytest.mark.parametrize(
    ("then", "expected"),
    [
        pytest.param([], {"b0": WHOLE_ONE, "b1": WHOLE_ONE, "b2": DROPPED, "b3": DROPPED}, id="since then"),
        pytest.param(
            [day(5, of_disks(1, *BOTH), of_disks(2, *SYSTEM), of_disks(4, *BOTH))],
            {"b1": WHOLE_ONE, "b2": DROPPED, "b4": WHOLE_ONE},
            id="and then it came back",
        ),
    ],
)
def test_a_disk_that_later_backups_lack_was_dropped(
    results: Results, then: list[Landed], expected: dict[str, tuple[str, str]]
) -> None:
    assert results.of(COMPLETE) == expected


FAILED_ONE = of_day(1, status="error", expired_at=None)


@lands(day(0, of_day(0)), day(1, FAILED_ONE), day(60, FAILED_ONE), lambda then: then)
@pytest.mark.parametrize(
    ("then", "expected"),
    [
        pytest.param([], ("fail", "none_dependable_left"), id="two months"),
        pytest.param([day(95, FAILED_ONE)], ("not_applicable", "never_had_one"), id="three months"),
    ],
)
def test_a_loss_is_remembered_for_as_long_as_is_looked_back(
    results: Results, then: list[Landed], expected: tuple[str, str]
) -> None:
    assert results[LOST, "server-1"] == expected


@lands(day(9, of_day(0), of_day(1), of_day(12, expired_at=instant(60))))
def test_a_point_from_the_future_fills_no_gap(results: Results) -> None:
    row = gaps(results)
    assert (row["status"], row["reason_code"]) == ("fail", "open_gap")


@lands(day(0, of_day(0)), day(1, volume("v", created_at=instant(0.9)), project="project-2"))
def test_where_another_project_is_read_nothing_is_lost(results: Results) -> None:
    assert results.rows("intermediate.int_resources", "resource_id") == [("disk-1",)]
    assert results.of(DELETED) == {"b0": ("unknown", "vault_or_project_not_seen")}


@lands(day(39, *(of_day(n, f"p{n}", expired_at=instant(99)) for n in range(40) if n not in (20, 21, 22))))
def test_the_window_begins_with_the_window_where_nothing_is_missing_at_its_begin(results: Results) -> None:
    row = gaps(results)
    assert (row["window_days"], row["exposure_hours"], row["measured_value"]) == (30.0, 72.0, 90.0)


def part_created(at: str) -> Body:
    return of_day(0, children=[child("d", created_at=f"2026-03-01T{at}")])


@lands(lambda told: days([part_created("02:00:04.123456")], [part_created(told)]))
@pytest.mark.parametrize(
    ("told", "expected"),
    [("02:00:04.123", "pass"), ("02:00:04", "pass"), ("02:00:04.500001", "fail"), ("02:00:04.125", "fail")],
)
def test_when_a_part_was_created_is_compared_in_the_coarser_precision(
    results: Results, told: str, expected: str
) -> None:
    assert {subject: status for subject, (status, _) in results.of(TAMPERED).items()} == {"b0": expected}
