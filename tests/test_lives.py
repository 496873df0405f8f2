"""Backups that live through forty daily readings: what the controls say on the last day.

Each story has a resource of its own; all are read, folded and judged together.
"""

from collections.abc import Callable, Iterable, Iterator
from datetime import timedelta

from pipelines.storage.home import Home
from tests.given import AS_OF, Body, Landed, ask, child, fold, server

DAY, HOUR = timedelta(days=1), timedelta(hours=1)
LAST = 40
STUCK, TAMPERED, SUCCESS = "backup-not-stuck", "recovery-point-tampered", "backup-success-rate"
SHORTENED, DELETED, GAP = "retention-shortened", "recovery-point-deleted-early", "recovery-gap-within-rpo"
LOST, RECENT, COMPLETE = "resource-protection-lost", "resource-recent-recovery-point", "server-backup-complete"
FAILURES, ATTEMPT = "consecutive-failures", "resource-latest-attempt-succeeded"

Story = Callable[[int], Iterable[Body]]
STORIES: dict[str, tuple[Story, dict[tuple[str, str], str]]] = {}


def story(expected: dict[tuple[str, str], str]) -> Callable[[Story], Story]:
    """Name a story after its function, which is the resource's id, too; `{}` in a subject is that id."""

    def add(function: Story) -> Story:
        name = function.__name__
        STORIES[name] = (
            function,
            {(control, subject.format(name)): status for (control, subject), status in expected.items()},
        )
        return function

    return add


def instant(day: float) -> str:
    return (AS_OF + day * DAY).isoformat(timespec="microseconds")


def made(resource: str, day: float, *, keep: float | None = 30, disks: Iterable[str] = ("a",), **more: object) -> Body:
    """A backup of ten hours before the reading of a day; its id names resource and day."""
    key, at = f"{resource}-{day:g}", day - 10 / 24
    expiry = None if keep is None else instant(at + keep)
    more = {"created_at": instant(at), "updated_at": instant(at + 0.01), "expired_at": expiry} | more
    parts = [child(f"{key}-{disk}", resource_id=f"{resource}-{disk}", expired_at=more["expired_at"]) for disk in disks]
    return server(key, **({"resource_id": resource, "vault_id": f"vault-of-{resource}", "children": parts} | more))


def daily(resource: str, day: int, *, first: int = 0, until: int = LAST, keep: float | None = 30) -> Iterator[Body]:
    for number in range(first, min(day, until) + 1):
        if keep is None or number + keep > day + 0.5:
            yield made(resource, number, keep=keep)


@story({(STUCK, "{}-35"): "fail"})
def a_heartbeat_moves(day: int) -> Iterable[Body]:
    """It is protecting for days, and each reading finds its row updated an hour ago."""
    yield from daily("a_heartbeat_moves", day, until=34)
    if day >= 35:
        yield made("a_heartbeat_moves", 35, status="protecting", updated_at=instant(day - 1 / 24), disks=())


@story({(STUCK, "{}-35"): "fail"})
def waiting_flaps(day: int) -> Iterable[Body]:
    if day >= 35:
        status = "protecting" if day % 2 else "waiting_protect"
        yield made("waiting_flaps", 35, status=status, updated_at=instant(day), disks=())


@story({(STUCK, "{}-20"): "pass", (STUCK, "{}-21"): "pass", (STUCK, "{}-22"): "fail"})
def a_restore_of_an_old_point_began(day: int) -> Iterable[Body]:
    """A restore and a deletion that yesterday's reading did not see are a day old at most; one of three days is not."""
    for number, status, since in ((20, "restoring", 40), (21, "waiting_delete", 40), (22, "deleting", 37)):
        if day >= number:
            yield made("a_restore_of_an_old_point_began", number, status=status if day >= since else "available")


@story({(GAP, "{}"): "pass"})
def a_golden_point_beside_daily_ones(day: int) -> Iterable[Body]:
    yield made("a_golden_point_beside_daily_ones", -60, keep=None, extend_info={"auto_trigger": False})
    yield from daily("a_golden_point_beside_daily_ones", day, keep=7)


@story({(GAP, "{}"): "pass"})
def one_late_backup_of_short_lived_ones(day: int) -> Iterable[Body]:
    """One gap of 27.5 hours in thirty days is 99.5 per cent, though hardly a point of them is left."""
    for number in range(max(0, day - 3), day + 1):
        late = 3.5 / 24 if number >= 31 else 0
        at = number - 10 / 24 + late
        if at + 3 > day:
            yield made(
                "one_late_backup_of_short_lived_ones", number, created_at=instant(at), expired_at=instant(at + 3)
            )


@story({(GAP, "{}"): "unknown"})
def two_of_an_hour_are_kept(day: int) -> Iterable[Body]:
    """Those of every second day are seen; whether hourly ones came and went between two readings, nobody knows."""
    for hour in (4, 5):
        seen = day - day % 2
        yield made("two_of_an_hour_are_kept", seen + hour / 100, keep=None, created_at=instant(seen - hour / 24))


@story({(SUCCESS, "{}"): "pass", (FAILURES, "{}"): "pass"})
def one_is_always_running(day: int) -> Iterable[Body]:
    """What was running when it was last seen never failed as far as anybody saw."""
    yield made("one_is_always_running", day, keep=None)
    at = instant(day - 0.1 / 24)
    yield made("one_is_always_running", day + 0.5, keep=None, created_at=at, status="protecting", disks=())


@story({(SUCCESS, "{}"): "fail", (FAILURES, "{}"): "fail", (ATTEMPT, "{}"): "fail"})
def good_ones_turn_to_error(day: int) -> Iterable[Body]:
    for number in range(20, day + 1):
        status = "error" if day == LAST and number >= 36 else "available"
        yield made("good_ones_turn_to_error", number, keep=60, status=status)


@story({(FAILURES, "{}"): "fail"})
def every_three_weeks_it_fails(day: int) -> Iterable[Body]:
    """Four failures in a row are four, though the first is older than any window, and its row is gone."""
    for number in (-23, -2, 19, 40):
        if number <= day and day - number < 30:
            yield made("every_three_weeks_it_fails", number, status="error", disks=())


@story({(SHORTENED, "{}"): "fail"})
def a_fortnightly_schedule_is_shortened(day: int) -> Iterable[Body]:
    for number in range(-100, day + 1, 14):
        yield made("a_fortnightly_schedule_is_shortened", number, keep=30 if number > 35 else 180)


@story({(SHORTENED, "{}"): "fail"})
def an_expiry_creeps_nearer(day: int) -> Iterable[Body]:
    """Fifty minutes a day are below any tolerance, and twenty hours in the end are not."""
    if day >= 10:
        yield made("an_expiry_creeps_nearer", 10, expired_at=instant(100 - max(0, day - 15) * 50 / 1440))


@story({(SHORTENED, "{}"): "pass"})
def the_same_expiry_is_told_in_another_precision(day: int) -> Iterable[Body]:
    yield from (
        body | {"expired_at": str(body["expired_at"])[: 23 if day % 2 else 26]}
        for body in daily("the_same_expiry_is_told_in_another_precision", day, first=20)
    )


@story({(TAMPERED, "{}-30"): "pass", (TAMPERED, "{}-31"): "pass", (TAMPERED, "{}-32"): "fail"})
def the_same_creation_is_told_in_another_precision(day: int) -> Iterable[Body]:
    """Milliseconds and whole seconds tell the instant of yesterday's microseconds; another second does not."""
    name = "the_same_creation_is_told_in_another_precision"
    shifted = f"2026-04-02T02:00:0{4 if day < LAST else 6}"
    told = {
        30: "2026-03-31T02:00:04.123456" if day < LAST else "2026-03-31T02:00:04.123",
        31: "2026-04-01T02:00:04.123456" if day < LAST else "2026-04-01T02:00:04",
        32: f"{shifted}.123456" if day < LAST else shifted,
    }
    yield from (made(name, number, created_at=at) for number, at in told.items() if day >= number)


@story({(TAMPERED, "{}-30"): "fail", (TAMPERED, "{}-31"): "pass"})
def who_made_it_changes(day: int) -> Iterable[Body]:
    """Who made a settled point never changes; of one in flight anything may."""
    name = "who_made_it_changes"
    auto = {"auto_trigger": day < LAST}
    if day >= 30:
        yield made(name, 30, extend_info=auto)
    if day >= 38:
        status = "protecting" if day < 39 else "available"
        yield made(name, 31, status=status, resource_size=0 if day < 39 else 40, created_at=instant(38))


@story({(DELETED, "{}-37"): "fail", (DELETED, "{}-35"): "unknown"})
def the_newest_goes_while_others_are_made(day: int) -> Iterable[Body]:
    """A rule that thins out may take one in the middle of a month, and never the newest of all."""
    gone = {37} if day == 38 else {37, 35} if day > 38 else set()
    yield from (
        made("the_newest_goes_while_others_are_made", n, keep=None) for n in range(33, day + 1) if n not in gone
    )


@story({(DELETED, "{}-30"): "fail"})
def the_newer_of_two_of_a_day_goes(day: int) -> Iterable[Body]:
    """Whatever the rule, it keeps the newer one of a day."""
    for number in range(30, day + 1):
        yield made("the_newer_of_two_of_a_day_goes", number + 0.1, keep=None, created_at=instant(number - 0.45))
        if day < 36 or number != 30:
            yield made("the_newer_of_two_of_a_day_goes", number, keep=None)


@story({(DELETED, "{}-30"): "unknown", (DELETED, "{}-31"): "unknown"})
def more_go_than_came_while_the_count_rises(day: int) -> Iterable[Body]:
    oldest = 32 if day >= LAST else 30
    yield from daily("more_go_than_came_while_the_count_rises", day, first=oldest, keep=None)


@story({(DELETED, "{}-35"): "pass"})
def it_expires_while_the_reading_runs(day: int) -> Iterable[Body]:
    if day == 38 or day == 39:
        yield made("it_expires_while_the_reading_runs", 35, expired_at=instant(LAST + 2 / 86400))


@story({(LOST, "{}"): "fail", (RECENT, "{}"): "fail"})
def the_only_point_turns_to_error(day: int) -> Iterable[Body]:
    yield made("the_only_point_turns_to_error", 30, keep=None, status="error" if day == LAST else "available")


@story({(LOST, "{}"): "fail", (LOST, "{}-a"): "fail"})
def all_are_being_deleted(day: int) -> Iterable[Body]:
    status = "deleting" if day == LAST else "available"
    disk = child("d", status=status, resource_id="all_are_being_deleted-a")
    yield made("all_are_being_deleted", 30, keep=None, status=status, children=[disk])


@story({(RECENT, "{}"): "fail", (LOST, "{}"): "not_applicable"})
def failures_only_and_their_rows_are_gone(day: int) -> Iterable[Body]:
    if day < 35:
        yield made("failures_only_and_their_rows_are_gone", 30, status="error", disks=())


@story({(RECENT, "{}"): "fail"})
def one_attempt_that_never_ended_is_gone(day: int) -> Iterable[Body]:
    if 30 <= day < 35:
        yield made("one_attempt_that_never_ended_is_gone", 30, status="protecting", disks=())


@story({(COMPLETE, "{}-40"): "fail", (COMPLETE, "{}-39"): "fail"})
def the_point_before_is_gone_that_had_the_disk(day: int) -> Iterable[Body]:
    disks = ("a",) if day >= 39 else ("a", "b")
    yield from (
        made("the_point_before_is_gone_that_had_the_disk", n, disks=disks) for n in range(max(39, day - 1), day + 1)
    )
    if day < 39:
        yield made("the_point_before_is_gone_that_had_the_disk", day, disks=disks, keep=1)


@story({(COMPLETE, "{}-40"): "pass"})
def a_disk_moves_away(day: int) -> Iterable[Body]:
    yield made("a_disk_moves_away", day, keep=2, disks=("a", "b") if day < 38 else ("a",))


@story({(COMPLETE, "{}-40"): "pass", (RECENT, "a_disk_moves_away-b"): "pass"})
def a_disk_moves_here(day: int) -> Iterable[Body]:
    body = made("a_disk_moves_here", day, keep=2)
    if day >= 38:
        body["children"].append(child(f"moved-{day}", resource_id="a_disk_moves_away-b"))
    yield body


@story({(COMPLETE, "{}-40"): "fail"})
def a_part_expires_before_the_whole(day: int) -> Iterable[Body]:
    body = made("a_part_expires_before_the_whole", day)
    body["children"][0]["expired_at"] = instant(day - 0.1)
    yield body


@story({(ATTEMPT, "{}"): "fail"})
def a_point_from_the_day_after_tomorrow(day: int) -> Iterable[Body]:
    yield made("a_point_from_the_day_after_tomorrow", day - 2, keep=3)
    yield made("a_point_from_the_day_after_tomorrow", day, keep=1, status="error", disks=())
    yield made("a_point_from_the_day_after_tomorrow", 1000 + day, created_at=instant(day + 2))


@story({(ATTEMPT, "{}"): "unknown"})
def a_failure_without_a_time(day: int) -> Iterable[Body]:
    yield made("a_failure_without_a_time", day, keep=1)
    yield made("a_failure_without_a_time", 1000, status="error", created_at=None, disks=())


@story({(ATTEMPT, "{}"): "fail"})
def two_of_one_instant_of_which_the_later_id_failed(day: int) -> Iterable[Body]:
    for key, status in ((1, "available"), (2, "error")):
        yield made(
            "two_of_one_instant_of_which_the_later_id_failed", day + key / 10, created_at=instant(day), status=status
        )


def test_forty_days_of_reading_end_in_what_each_story_says(home: Home) -> None:
    fold(
        home,
        *(
            Landed([b for tell, _ in STORIES.values() for b in tell(day)], as_of=AS_OF + day * DAY)
            for day in range(LAST + 1)
        ),
    )
    rows = ask(home, "SELECT control_id, subject_id, status, reason FROM controls.findings")
    said = {(row["control_id"], row["subject_id"]): (row["status"], row["reason"]) for row in rows}
    expected = {key: status for _, verdicts in STORIES.values() for key, status in verdicts.items()}
    wrong = {key: (status, said.get(key)) for key, status in expected.items() if said.get(key, ("",))[0] != status}
    assert not wrong
