"""Who made a recovery point disappear, as the audit trail names them: by calls that succeeded, and by nothing else."""

from pathlib import Path
from typing import Any

import pytest

from pipelines.storage.home import Home
from tests.given import AS_OF, Body, Landed, ask_all, at, child, fold, put_input, server
from tests.given_inputs import DAY, failed, milliseconds, refused

EARLY, LOST = "recovery_point_deleted_early", "resource_protection_lost"
TRAIL = "SELECT backup_id, trace_name, user_name FROM compliance.change_trail WHERE scope = 'prod' ORDER BY ALL"


def point(name: str, **more: Any) -> Body:
    """The only backup of the server `of-name`, in a vault of its own."""
    parts = [child(f"part-{name}", resource_id=f"disk-{name}")]
    own: Body = {"resource_id": f"of-{name}", "vault_id": f"vault-{name}", "created_at": at(days=3), "children": parts}
    return server(name, **(own | more))


def event(
    name: str, resource_id: str, user: str | None = "eve", *, hours: float = 12, code: str = "204", **more: Any
) -> Body:
    """A call so many hours ago."""
    own = {"trace_id": f"{name}-{resource_id}-{user}-{hours}", "trace_name": name, "resource_id": resource_id}
    person = {"id": f"id-of-{user}"} | ({"name": user} if user else {})
    return own | {"code": code, "time": milliseconds(at(hours=hours)), "user": person, "source_ip": "10.0.0.1"} | more


EXPIRED: Body = {"expired_at": at(hours=18)}
GOING: Body = {"status": "deleting"}
# Point: how it was two days ago and yesterday, before it disappeared.
POINTS: dict[str, tuple[Body, Body]] = {
    name: (point(name), point(name))
    for name in (
        *("by-name", "by-id", "without-address", "twice", "in-vault", "in-vault-and-own", "of-vault"),
        *("refused", "refused-and-done", "too-soon", "too-late", "other", "restored-from", "unnoticed"),
    )
} | {
    "in-progress": (point("in-progress"), point("in-progress", **GOING)),
    "expired": (point("expired", **EXPIRED), point("expired", **EXPIRED)),
    "expired-in-vault": (point("expired-in-vault", **EXPIRED), point("expired-in-vault", **EXPIRED)),
}
EVENTS = [
    event("deleteBackup", "by-name"),
    event("deleteBackup", "by-id", None),
    event("deletebackup", "without-address", source_ip=None),
    event("deleteBackup", "twice", "mallory", hours=11, source_ip="10.0.0.2"),
    event("deleteBackup", "twice"),
    event("deleteVault", "vault-in-vault", "mallory"),
    event("deleteVault", "vault-in-vault-and-own", "mallory", hours=2),
    event("deleteBackup", "in-vault-and-own", hours=13),
    event("deleteVaultBackup", "vault-of-vault"),
    event("updateVault", "vault-other", code="200"),
    event("deleteBackup", "refused", code="403"),
    event("deleteBackup", "refused-and-done", "eve", code="409"),
    event("deleteBackup", "refused-and-done", "mallory", hours=11),
    event("deleteBackup", "too-soon", hours=25),
    event("deleteBackup", "too-late", hours=-1),
    event("restoreBackup", "restored-from", code="202"),
    event("deleteBackup", "in-progress", hours=30),
    event("deleteBackup", "expired"),
    event("deleteVaultBackup", "vault-expired-in-vault"),
]
EVE = ("eve", "10.0.0.1")
BOTH = ("eve, mallory", "10.0.0.1, 10.0.0.2")
NOBODY = (None, None)
DELETIONS = {
    "by-name": EVE,
    "by-id": ("id-of-None", "10.0.0.1"),
    "without-address": ("eve", None),
    "twice": BOTH,
    "in-vault": ("mallory", "10.0.0.1"),
    "in-vault-and-own": EVE,
    "of-vault": EVE,
    "refused": NOBODY,
    "refused-and-done": ("mallory", "10.0.0.1"),
    "too-soon": NOBODY,
    "too-late": NOBODY,
    "other": NOBODY,
    "restored-from": NOBODY,
    "unnoticed": NOBODY,
    "in-progress": EVE,
    "expired": EVE,
    "expired-in-vault": NOBODY,
}


def days(scope: str, trail: Any, *, partial: tuple[str, ...] = ()) -> list[Landed]:
    """Snapshots of three days, after whose second one all points are gone; the last one reads the audit trail."""
    kept = server("kept", resource_id="of-kept")
    before = [
        Landed([kept, *(bodies[day] for bodies in POINTS.values())], scope=scope, as_of=AS_OF - (2 - day) * DAY)
        for day in (0, 1)
    ]
    inputs = {} if trail is None else {"audit_events": trail}
    return [*before, Landed([kept], scope=scope, inputs=inputs, partial=partial)]


@pytest.fixture(scope="module")
def asked(tmp_path_factory: pytest.TempPathFactory) -> list[list[dict[str, Any]]]:
    """The results of both controls, and the trail of changes."""
    home = Home(Path(tmp_path_factory.mktemp("actors")) / "home")
    scopes = (
        days("prod", EVENTS),
        days("never-read", None),
        days("refused", refused("audit_events")),
        days("failed", failed("audit_events")),
        days("partial", EVENTS, partial=("audit_events",)),
        days("empty", []),
    )
    fold(home, *(landed for scope in scopes for landed in scope))
    return ask_all(home, f"SELECT * FROM controls.{EARLY}", f"SELECT * FROM controls.{LOST}", TRAIL)


def actors(rows: list[dict[str, Any]], scope: str) -> dict[str, tuple[str | None, str | None]]:
    found = {row["subject_id"]: (row["deleted_by"], row["deleted_from_ip"]) for row in rows if row["scope"] == scope}
    return {
        subject: actor for subject, actor in found.items() if not subject.startswith("disk-") and "kept" not in subject
    }


@pytest.mark.parametrize("scope", ["prod", "partial"])
def test_whoever_made_a_point_disappear_is_named_by_calls_that_succeeded(
    asked: list[list[dict[str, Any]]], scope: str
) -> None:
    assert actors(asked[0], scope) == DELETIONS


@pytest.mark.parametrize("scope", ["never-read", "refused", "failed", "empty"])
def test_without_an_event_nobody_is_named(asked: list[list[dict[str, Any]]], scope: str) -> None:
    assert set(actors(asked[0], scope).values()) == {NOBODY}
    assert set(actors(asked[1], scope).values()) == {NOBODY}


def test_an_event_changes_no_verdict(asked: list[list[dict[str, Any]]]) -> None:
    for rows in asked[:2]:
        codes = {
            scope: {row["subject_id"]: (row["status"], row["reason_code"]) for row in rows if row["scope"] == scope}
            for scope in ("prod", "never-read", "refused", "failed", "partial", "empty")
        }
        assert all(found == codes["never-read"] for found in codes.values())
    found = {row["subject_id"]: row["reason_code"] for row in asked[0] if row["scope"] == "prod"}
    assert {found[name] for name in ("by-name", "unnoticed", "refused")} == {"deleted_early"}
    assert found["expired"] == found["expired-in-vault"] == "expired"


def test_whoever_took_the_last_protection_of_a_resource_is_named(asked: list[list[dict[str, Any]]]) -> None:
    expected = {f"of-{name}": actor for name, actor in DELETIONS.items()}
    # What had expired protected nothing any more.
    assert actors(asked[1], "prod") == expected | {"of-expired": NOBODY}
    disks = {row["subject_id"]: row["deleted_by"] for row in asked[1] if row["scope"] == "prod"}
    assert (disks["disk-by-name"], disks["disk-unnoticed"]) == ("eve", None)


def test_the_reason_says_who_called_what_from_where_and_when(asked: list[list[dict[str, Any]]]) -> None:
    early, lost = ({row["subject_id"]: row["reason"] for row in rows if row["scope"] == "prod"} for rows in asked[:2])
    assert early["by-name"].endswith(" (deleteBackup by eve from 10.0.0.1 at 2026-03-01 00:00:00).")
    assert early["without-address"].endswith(" (deletebackup by eve at 2026-03-01 00:00:00).")
    assert "(" not in early["unnoticed"]
    assert lost["of-twice"].startswith(
        "All its backups have disappeared; the last one was dependable until 2026-03-01 12:00:00"
        " (deleted by eve, mallory from 10.0.0.1, 10.0.0.2). "
    )
    assert "(" not in lost["of-unnoticed"]


def test_the_trail_of_changes_says_the_same_of_each_backup(asked: list[list[dict[str, Any]]]) -> None:
    trail = {(row["backup_id"], row["user_name"]) for row in asked[2] if row["backup_id"]}
    named = {(name, user) for name, (users, _) in DELETIONS.items() for user in (users or "").split(", ") if user}
    assert trail == named - {("by-id", "id-of-None")} | {
        ("by-id", None),
        ("in-vault-and-own", "mallory"),
        ("expired-in-vault", "eve"),
    }


def test_an_event_of_the_file_of_the_user_counts_and_one_that_both_have_counts_once(tmp_path: Path) -> None:
    home = Home(tmp_path / "home")
    own = event("deleteBackup", "by-name")
    fold(home, *days("prod", [own]))
    hour = at(hours=12)
    rows = [
        "trace_id,trace_name,time,code,resource_id,user_name,source_ip",
        f"{own['trace_id']},deleteBackup,{hour},204,by-name,somebody else,10.0.0.9",
        f"of-file,deleteBackup,{hour},204,by-id,mallory,10.0.0.2",
        f"refused,deleteBackup,{hour},403,refused,mallory,10.0.0.2",
        f"without-code,deleteBackup,{hour},,unnoticed,mallory,10.0.0.2",
    ]
    put_input(home, "audit_events.csv", "\n".join(rows))
    deletions, trail = ask_all(home, f"SELECT * FROM controls.{EARLY}", TRAIL)
    named = {subject: actor for subject, actor in actors(deletions, "prod").items() if actor != NOBODY}
    assert named == {"by-name": EVE, "by-id": ("mallory", "10.0.0.2")}
    assert [tuple(row.values()) for row in trail] == [
        ("by-id", "deleteBackup", "mallory"),
        ("by-name", "deleteBackup", "eve"),
    ]
