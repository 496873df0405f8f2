"""Policies of the service that keep less than before: a finding by itself, and what explains that points disappear."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from pipelines.storage.home import Home
from tests.given import AS_OF, Body, Landed, ask_all, at, child, fold, replica, server
from tests.given_inputs import DAY, SERVER, milliseconds, refused, vault

SHORTENED, EARLY = "retention_shortened", "recovery_point_deleted_early"
DAILY, TWICE = "FREQ=DAILY;INTERVAL=1;BYHOUR=20;BYMINUTE=00", "FREQ=DAILY;INTERVAL=1;BYHOUR=8,20;BYMINUTE=00"
Rule = dict[str, Any]


def policy(name: str, kept: Rule, *, vaults: tuple[str, ...] | None = None, **more: Any) -> Body:
    """A backup policy that is applied to the vault of its name."""
    pattern = more.pop("pattern", DAILY)
    return {
        "id": f"policy-{name}",
        "name": f"daily-{name}",
        "enabled": True,
        "operation_type": "backup",
        "operation_definition": kept,
        "trigger": {"properties": {"pattern": [pattern], "start_time": "2025-01-01 00:00:00"}},
        "associated_vaults": [{"vault_id": name} for name in ((name,) if vaults is None else vaults)],
    } | more


def days(number: int) -> Rule:
    return {"retention_duration_days": number, "max_backups": -1}


def count(number: int, **periods: int) -> Rule:
    return {"retention_duration_days": -1, "max_backups": number} | periods


def points(name: str, number: int = 5, **more: Any) -> list[Body]:
    """Daily backups of the server `of-name` into the vault `name`, each kept for 30 days; the oldest has the number 0."""
    own: Body = {"resource_id": f"of-{name}", "vault_id": name}
    bodies = []
    for place in range(number):
        parts = [child(f"part-{name}-{place}", resource_id=f"disk-{name}")]
        times = {"created_at": at(days=number - place + 3), "expired_at": at(days=number - place - 27)}
        bodies.append(server(f"{name}-{place}", **(own | times | {"children": parts} | more)))
    return bodies


NO_LIMIT = {"retention_duration_days": -1, "max_backups": -1}
USUAL, LESS = ("pass", "as_usual"), ("fail", "rule_shortened")
UNCLEAR = ("unknown", "rule_not_comparable")
# Vault: how long its policy keeps backups before and after the change, and what is said of its server.
RULES: dict[str, tuple[Rule, Rule, tuple[str, str]]] = {
    "fewer-days": (days(30), days(14), LESS),
    "more-days": (days(14), days(30), USUAL),
    "fewer-points": (count(30), count(10), LESS),
    "more-points": (count(10), count(30), USUAL),
    "days-to-fewer-points": (days(30), count(29), LESS),
    "days-to-as-many-points": (days(30), count(30), USUAL),
    "points-to-fewer-days": (count(30), days(29), LESS),
    "points-to-as-many-days": (count(30), days(30), USUAL),
    "for-ever-to-days": (NO_LIMIT, days(3650), LESS),
    "for-ever-to-points": (NO_LIMIT, count(9999), LESS),
    "for-ever-if-not-said": ({}, days(3650), LESS),
    "days-to-for-ever": (days(30), NO_LIMIT, USUAL),
    "fewer-months": (count(10, month_backups=12), count(10, month_backups=3), LESS),
    "days-to-months": (days(30), count(1, month_backups=2), USUAL),
    "as-before": (days(14), days(14), USUAL),
}
# The same with policies that differ in more than what they keep.
OTHERS: dict[str, tuple[Body, Body, tuple[str, str]]] = {
    "twice-a-day": (
        policy("twice-a-day", days(30), pattern=TWICE),
        policy("twice-a-day", count(59), pattern=TWICE),
        LESS,
    ),
    "twice-a-day-enough": (
        policy("twice-a-day-enough", days(30), pattern=TWICE),
        policy("twice-a-day-enough", count(60), pattern=TWICE),
        USUAL,
    ),
    "runs-not-known": (
        policy("runs-not-known", days(30), pattern="soon"),
        policy("runs-not-known", count(30), pattern="soon"),
        UNCLEAR,
    ),
    "runs-do-not-matter": (
        policy("runs-do-not-matter", days(30), pattern="soon"),
        policy("runs-do-not-matter", days(14), pattern="soon"),
        LESS,
    ),
    "never-enabled": (
        policy("never-enabled", days(30), enabled=False),
        policy("never-enabled", days(14), enabled=False),
        USUAL,
    ),
    "disabled": (policy("disabled", days(30)), policy("disabled", days(14), enabled=False), LESS),
    "renamed": (policy("renamed", days(30)), policy("renamed", days(30)) | {"name": "another"}, USUAL),
    "replication": (
        policy("replication", days(30), operation_type="replication"),
        policy("replication", days(14), operation_type="replication"),
        USUAL,
    ),
    "dissociated": (policy("dissociated", days(30)), policy("dissociated", days(14), vaults=()), USUAL),
    "associated-with-it": (
        policy("associated-with-it", days(30), vaults=()),
        policy("associated-with-it", days(14)),
        USUAL,
    ),
    "manual": (policy("manual", days(30)), policy("manual", days(14)), ("not_applicable", "no_dated_point")),
    "manual-member": (policy("manual-member", days(30)), policy("manual-member", days(14)), LESS),
    "copies": (policy("copies", days(30)), policy("copies", days(14)), ("not_applicable", "judged_at_source")),
    "expiry-moved": (policy("expiry-moved", days(30)), policy("expiry-moved", days(14)), ("fail", "expiry_moved")),
}
CASES: dict[str, tuple[Body, Body, tuple[str, str]]] = {
    name: (policy(name, old), policy(name, new), code) for name, (old, new, code) in RULES.items()
} | OTHERS
MANUAL: Body = {"extend_info": {"auto_trigger": False}}
POINTS = {name: points(name) for name in CASES} | {
    "manual": points("manual", **MANUAL),
    "manual-member": points("manual-member", **MANUAL),
    "copies": [replica("copy", "elsewhere", resource_id="of-copies", vault_id="copies")],
}
MOVED = POINTS | {"expiry-moved": points("expiry-moved", expired_at=at(days=-2))}


def event(name: str, resource_id: str, *, hours: float = 30, code: str = "200", user: str = "dana") -> Body:
    """A call so many hours ago; the change was seen 24 hours ago, and not 48 hours ago."""
    own = {"trace_id": f"{name}-{resource_id}-{hours}", "trace_name": name, "resource_id": resource_id, "code": code}
    return own | {"time": milliseconds(at(hours=hours)), "user": {"name": user}, "source_ip": "192.0.2.17"}


EVENTS = [
    event("updatePolicy", "policy-fewer-days"),
    event("updatePolicy", "policy-fewer-points", code="403"),
    event("updatePolicy", "policy-fewer-points", hours=60, user="eve"),
    event("deleteBackup", "by-name-0", hours=12, code="204"),
]


def bodies(points_of: dict[str, list[Body]]) -> list[Body]:
    return [body for group in points_of.values() for body in group]


# Vault: its points without an expiry or with one, which are gone today, the rules of the days, and what is said of them.
KEPT, NO_EXPIRY = ("pass", "retention_rule_changed"), {"expired_at": None}
LOSSES: dict[str, tuple[int, Body, tuple[int, ...], tuple[Rule, Rule, Rule], tuple[str, str] | str]] = {
    "count-lowered": (10, NO_EXPIRY, (0, 1, 2), (count(10), count(7), count(7)), KEPT),
    "seen-together": (10, NO_EXPIRY, (0, 1, 2), (count(10), count(10), count(7)), KEPT),
    "days-to-points": (10, {}, (0, 1), (days(30), count(8), count(8)), KEPT),
    "too-many": (10, NO_EXPIRY, (0, 1, 2, 3), (count(10), count(7), count(7)), "fail"),
    "one-of-the-newest": (10, {}, (8,), (days(30), count(7), count(7)), "fail"),
    "dated-and-lowered": (10, {}, (0,), (count(10), count(7), count(7)), "fail"),
    "days-lowered": (10, {}, (0,), (days(30), days(14), days(14)), "fail"),
    "taken-back": (10, {}, (0, 1), (days(30), count(8), days(30)), KEPT),
    "raised": (10, {}, (0,), (count(5), count(8), count(8)), "fail"),
    "long-term": (10, {}, (0, 1), (days(30), count(8, year_backups=1), count(8, year_backups=1)), "fail"),
    "by-name": (10, {}, (0, 1), (days(30), count(8), count(8)), "fail"),
    "by-hand": (10, MANUAL, (0, 1), (days(30), count(8), count(8)), "fail"),
}


def losses(scope: str, *, read: bool = True) -> list[Landed]:
    """Snapshots of three days, the policies changed between the first two, and points are gone on the last."""
    landed = []
    for day in range(3):
        shown = [
            body
            for name, (number, more, gone, _, _) in LOSSES.items()
            for place, body in enumerate(points(name, number, **more))
            if day < 2 or place not in gone
        ]
        policies = [policy(name, rules[day]) for name, (_, _, _, rules, _) in LOSSES.items()]
        inputs = {"policies": policies, "audit_events": EVENTS} if read else {}
        landed.append(Landed(shown, scope=scope, as_of=AS_OF - (2 - day) * DAY, inputs=inputs))
    return landed


def changed(scope: str, *times: timedelta, last: Any = None, partial: tuple[str, ...] = ()) -> list[Landed]:
    """Snapshots at times before now, the policy of one vault shortened between the first two; `last` replaces the last."""
    rules = [days(30), *[days(14)] * (len(times) - 1)]
    readings: list[Any] = [[policy("fewer-days", rule)] for rule in rules]
    if last is not None:
        readings[-1] = last
    shown = points("fewer-days")
    return [
        Landed(shown, scope=scope, as_of=AS_OF - time, inputs={"policies": reading}, partial=partial if number else ())
        for number, (time, reading) in enumerate(zip(times, readings, strict=True))
    ]


@pytest.fixture(scope="module")
def asked(tmp_path_factory: pytest.TempPathFactory) -> list[list[dict[str, Any]]]:
    """The results of both controls."""
    home = Home(Path(tmp_path_factory.mktemp("changes")) / "home")
    old, new = [case[0] for case in CASES.values()], [case[1] for case in CASES.values()]
    vaults = [vault("manual-member", {"id": "of-manual-member", "type": SERVER})]
    now = timedelta()
    fold(
        home,
        Landed(bodies(POINTS), as_of=AS_OF - 2 * DAY, inputs={"policies": old}),
        Landed(bodies(MOVED), as_of=AS_OF - DAY, inputs={"policies": new, "vaults": vaults}),
        Landed(bodies(MOVED), inputs={"policies": new, "vaults": vaults, "audit_events": EVENTS}),
        Landed(points("fewer-days"), scope="never-read"),
        Landed(points("fewer-days"), scope="refused", inputs={"policies": refused("policies")}),
        *changed("on-the-thirtieth", 31 * DAY, 30 * DAY, now),
        *changed("later", 32 * DAY, 31 * DAY, now),
        *changed("taken-back", 2 * DAY, DAY, now, last=[policy("fewer-days", days(30))]),
        *changed("withdrawn", 2 * DAY, DAY, now, last=refused("policies")),
        *changed("partial", 2 * DAY, DAY, now, partial=("policies",)),
        *changed("first-reading", now),
        *losses("lost"),
        *losses("lost-unread", read=False),
    )
    return ask_all(home, f"SELECT * FROM controls.{SHORTENED}", f"SELECT * FROM controls.{EARLY}")


def result(rows: list[dict[str, Any]], scope: str, subject: str) -> dict[str, Any]:
    [row] = [row for row in rows if row["scope"] == scope and row["subject_id"] == subject]
    return row


@pytest.mark.parametrize("name", CASES)
def test_a_policy_that_keeps_less_is_a_finding_for_the_servers_of_its_vaults(
    asked: list[list[dict[str, Any]]], name: str
) -> None:
    row = result(asked[0], "prod", f"of-{name}")
    assert (row["status"], row["reason_code"]) == CASES[name][2]


def test_a_disk_is_judged_with_its_server(asked: list[list[dict[str, Any]]]) -> None:
    assert result(asked[0], "prod", "disk-fewer-days")["reason_code"] == "judged_with_server"


@pytest.mark.parametrize(
    ("scope", "expected"),
    [
        ("never-read", USUAL),
        ("refused", USUAL),
        ("first-reading", USUAL),
        ("on-the-thirtieth", LESS),
        ("later", USUAL),
        ("taken-back", LESS),
        ("withdrawn", LESS),
        ("partial", LESS),
    ],
)
def test_a_change_stays_a_finding_for_thirty_days_and_needs_two_versions(
    asked: list[list[dict[str, Any]]], scope: str, expected: tuple[str, str]
) -> None:
    row = result(asked[0], scope, "of-fewer-days")
    assert (row["status"], row["reason_code"]) == expected


def test_a_change_is_said_with_both_rules_and_who_made_it(asked: list[list[dict[str, Any]]]) -> None:
    row = result(asked[0], "prod", "of-fewer-days")
    assert row["reason"] == (
        "The policy daily-fewer-days keeps less than before: 30 days until 2026-02-27 12:00:00, 14 days since "
        "2026-02-28 12:00:00 (changed by dana from 192.0.2.17 at 2026-02-28 06:00:00)."
    )
    assert (row["changed_by"], row["changed_from_ip"]) == ("dana", "192.0.2.17")
    assert row["failing_since"] == AS_OF - DAY


def test_a_call_that_was_refused_or_came_earlier_names_nobody(asked: list[list[dict[str, Any]]]) -> None:
    row = result(asked[0], "prod", "of-fewer-points")
    assert row["changed_by"] is None
    assert row["reason"].endswith("10 backups since 2026-02-28 12:00:00.")


@pytest.mark.parametrize("name", LOSSES)
def test_a_changed_policy_explains_what_it_does_not_keep_any_more_and_nothing_else(
    asked: list[list[dict[str, Any]]], name: str
) -> None:
    _, _, gone, _, expected = LOSSES[name]
    for place in gone:
        row = result(asked[1], "lost", f"{name}-{place}")
        explained = expected == KEPT or (name == "by-name" and place > 0) or (name == "too-many" and place < 3)
        assert (row["reason_code"] == "retention_rule_changed") == explained
        assert row["status"] == ("pass" if explained else "fail")


@pytest.mark.parametrize("name", LOSSES)
def test_without_policies_no_change_explains_anything(asked: list[list[dict[str, Any]]], name: str) -> None:
    for place in LOSSES[name][2]:
        assert result(asked[1], "lost-unread", f"{name}-{place}")["status"] == "fail"


def test_what_a_changed_policy_explains_is_no_part_of_a_mass_deletion(asked: list[list[dict[str, Any]]]) -> None:
    assert result(asked[1], "lost-unread", "too-many-3")["reason_code"] == "mass_deletion"
    assert result(asked[1], "lost", "too-many-3")["reason_code"] == "deleted_unexplained"
