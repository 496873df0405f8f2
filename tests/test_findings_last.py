"""A finding that was true stays for its window, whatever becomes of the backups that show it."""

from collections.abc import Callable, Iterable
from datetime import timedelta

from pipelines.storage.home import Home
from tests.given import AS_OF, Body, Landed, ask, child, fold, server, volume

DAY = timedelta(days=1)
FOUND, WINDOW = 10, 30  # the day on which everything goes wrong, and the days that a finding stays


def instant(day: float) -> str:
    return (AS_OF + day * DAY).isoformat(timespec="microseconds")


def backup(resource: str, day: int, *, keep: float | None = 60, **more: object) -> Body:
    """The backup that a policy made of a server two hours before the reading of a day."""
    key, made = f"{resource}-{day}", day - 1 / 12
    disks = [child(f"{key}-{disk}", resource_id=f"{resource}-{disk}") for disk in ("system", "data")]
    own: Body = {
        "created_at": instant(made),
        "expired_at": None if keep is None else instant(made + keep),
        "resource_id": resource,
        "vault_id": f"vault-of-{resource}",
        "resource_size": 80,
        "children": disks,
    }
    return server(key, **(own | more))


def daily(resource: str, day: int, first: int = 0) -> list[Body]:
    return [backup(resource, made) for made in range(first, day + 1)]


def shortened(day: int) -> Iterable[Body]:
    """A point that is kept for ever is given an expiry and is purged by it."""
    if day < FOUND + 2:
        yield backup("shortened", 0, keep=None, expired_at=instant(FOUND + 1) if day >= FOUND else None)
    yield from daily("shortened", day, 1)


def shorter_lives(day: int) -> Iterable[Body]:
    """New points live for two days where sixty were usual, and are purged."""
    yield from (backup("shorter", made) for made in range(min(day, FOUND - 1) + 1))
    yield from (backup("shorter", made, keep=2) for made in range(max(FOUND, day - 1), min(day, FOUND + 3) + 1))
    yield from (backup("shorter", made) for made in range(FOUND + 4, day + 1))


def deleted(day: int) -> Iterable[Body]:
    """Four points of a vault are deleted, and so is all that is left of it, by its expiry, the day after."""
    kept = [backup("deleted", made, keep=60 if made < 5 else FOUND + 0.5 - made) for made in range(min(day, FOUND) + 1)]
    if day > FOUND:
        return
    yield from (one for number, one in enumerate(kept) if day < FOUND or number >= 5)


def tampered(day: int) -> Iterable[Body]:
    """A point is hung onto another checkpoint and is purged by its expiry."""
    if day < FOUND + 1:
        more = {"checkpoint_id": "other"} if day >= FOUND else {}
        yield backup("tampered", 0, keep=FOUND + 0.5, **more)
    yield from daily("tampered", day, 1)


def failed(day: int) -> Iterable[Body]:
    """Six attempts fail, and the service removes their rows."""
    yield from (backup("failed", made) for made in range(min(day, FOUND - 6) + 1))
    if FOUND - 5 <= day <= FOUND:
        yield from (backup("failed", made, status="error", children=[]) for made in range(FOUND - 5, day + 1))


def gap(day: int) -> Iterable[Body]:
    """No backup is made for four days; the points before that live for two."""
    yield from (backup("gap", made, keep=2) for made in range(max(0, day - 1), FOUND - 4) if made <= day)
    yield from (backup("gap", made) for made in range(FOUND, day + 1))


def dropped(day: int) -> Iterable[Body]:
    """One point is kept; from a day on it lacks a disk."""
    disks = ("system", "data") if day < FOUND else ("system",)
    parts = [child(f"d-{day}-{disk}", resource_id=f"dropped-{disk}") for disk in disks]
    yield backup("dropped", day, keep=None, children=parts)


def last_one(day: int) -> Iterable[Body]:
    """The only point turns to error, and its row is removed."""
    if day <= FOUND:
        yield backup("last", 0, keep=None, status="error" if day == FOUND else "available")


Story = Callable[[int], Iterable[Body]]
CASES: dict[str, tuple[Story, str, str, int]] = {
    "an expiry that came nearer": (shortened, "retention-shortened", "shortened", WINDOW),
    "lives that got shorter": (shorter_lives, "retention-shortened", "shorter", WINDOW),
    "a point that was deleted": (deleted, "recovery-point-deleted-early", "deleted-0", WINDOW),
    "a vault that lost points": (deleted, "backup-count-drop", "vault-of-deleted", WINDOW),
    "a point that was tampered with": (tampered, "recovery-point-tampered", "tampered-0", WINDOW),
    "attempts that failed": (failed, "backup-success-rate", "failed", 20),
    "a vault whose attempts failed": (failed, "vault-backup-success-rate", "vault-of-failed", 20),
    "failures in a row": (failed, "consecutive-failures", "failed", WINDOW),
    "a gap": (gap, "recovery-gap-within-rpo", "gap", 25),
    "a last point that was lost": (last_one, "resource-protection-lost", "last", 85),
    "a resource without a point": (last_one, "resource-recent-recovery-point", "last", 85),
}


def estate(day: int, *stories: Story) -> Landed:
    bodies = [body for story in stories for body in story(day)]
    return Landed([*bodies, volume("always")], as_of=AS_OF + day * DAY)


STORIES = (*dict.fromkeys(story for story, *_ in CASES.values()), dropped)


def test_a_finding_stays_until_its_window_ends(home: Home) -> None:
    ends = {FOUND + window for *_, window in CASES.values()}
    days = [*range(FOUND, FOUND + 4), *sorted(ends), FOUND + 130]
    fold(home, *(estate(day, *STORIES) for day in range(FOUND)))
    seen = {}
    for day in days:
        fold(home, estate(day, *STORIES))
        rows = ask(home, "SELECT control_id, subject_id, status FROM controls.findings WHERE status <> 'pass'")
        seen[day] = {(row["control_id"], row["subject_id"]): row["status"] for row in rows}
    for name, (_, control, subject, window) in CASES.items():
        first = FOUND + 3 if name == "lives that got shorter" else FOUND
        for day in (day for day in days if first <= day <= FOUND + window):
            assert seen[day].get((control, subject)) == "fail", (name, day)
        if control != "consecutive-failures":  # whose streak only a success ends
            assert seen[FOUND + 130].get((control, subject)) != "fail", name
    # A disk that was dropped is missing from every later backup.
    for day in range(FOUND, FOUND + 4):
        assert seen[day]["server-backup-complete", f"dropped-{day}"] == "fail"
