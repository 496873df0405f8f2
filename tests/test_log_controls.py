"""What the controls about tasks and the audit trail of the service say: many cases in one home, each its own resource."""

import json
from typing import Any

import pytest

from pipelines.storage.home import Home
from tests.given import AS_OF, Body, Landed, ask, at, child, fold, put_input, replica, server
from tests.given_inputs import DAY, failed, milliseconds, refused, results, rules, stale, waiver

RESTORE_TEST, WITHIN_TARGET = "restore-test-current", "restore-within-target"


def of(name: str, **more: Any) -> Body:
    """A server's backup `name` of the resource `of-name`."""
    return server(name, **({"resource_id": f"of-{name}", "children": [child(f"disk-{name}")]} | more))


def restore(key: str, status: str = "success", *, days: float = 10, minutes: float | None = 30, **info: Any) -> Body:
    """A task that restored the backup `key`, begun so many days ago."""
    ended = None if minutes is None else at(days=days, hours=-minutes / 60)
    extra = {"resource": {"id": f"of-{key}", "type": "OS::Nova::Server"}, "restore": {"backup_id": key}} | info
    times = {"started_at": at(days=days), "ended_at": ended}
    return {"id": f"restore-{key}-{days}", "operation_type": "restore", "status": status, "extra_info": extra} | times


RESTORES = [
    restore("current"),
    restore("too-old", days=91),
    restore("again", days=95, minutes=600),
    restore("again", days=5),
    restore("slow", minutes=61),
    restore("exact", minutes=60),
    restore("failing", "failed"),
    restore("running", "running", minutes=None),
    restore("endless", minutes=None),
    restore("lax"),
    restore("by-backup", resource={}),
    restore("by-resource", restore={}),
    restore("waived", days=91, minutes=90),
]
TESTED = (
    *("current", "too-old", "again", "slow", "exact", "failing", "running", "endless"),
    *("lax", "by-backup", "by-resource", "waived", "never"),
)
TIERS = rules(
    {"tested": {"restore_test_days": 90, "max_restore_minutes": 60}, "lax": {}},
    assignments=[{"id": "a", "priority": 1, "match": {"resource_id": "of-lax"}, "tier": "lax"}],
    waivers=(waiver(RESTORE_TEST, resource_id="of-waived"), waiver(WITHIN_TARGET, resource_id="of-waived")),
)


@pytest.fixture
def restores(home: Home) -> Home:
    """A home with restores of many resources, and a scope for each state of the record of tasks."""
    backups = [*map(of, TESTED), replica("copy", "elsewhere", resource_id="of-copy")]
    one = [restore("one")]
    return fold(
        home,
        Landed(backups, inputs={"operations": RESTORES}),
        Landed([of("one")], scope="never-read"),
        Landed([of("one")], scope="refused", inputs={"operations": refused("operations")}),
        Landed([of("one"), of("two")], scope="partial", inputs={"operations": one}, partial=("operations",)),
        *stale("stale", [of("one")], operations=one),
    )


def test_only_a_recent_restore_that_succeeded_is_a_test(restores: Home) -> None:
    found = results(restores, RESTORE_TEST, TIERS)
    assert {subject: code for (scope, subject), code in found.items() if scope == "prod" and "disk" not in subject} == {
        "of-current": ("pass", "tested"),
        "of-too-old": ("fail", "test_too_old"),
        "of-again": ("pass", "tested"),
        "of-slow": ("pass", "tested"),
        "of-exact": ("pass", "tested"),
        "of-failing": ("fail", "no_test_on_record"),
        "of-running": ("fail", "no_test_on_record"),
        "of-endless": ("pass", "tested"),
        "of-lax": ("not_applicable", "not_required"),
        "of-by-backup": ("pass", "tested"),
        "of-by-resource": ("pass", "tested"),
        "of-waived": ("waived", "test_too_old"),
        "of-never": ("fail", "no_test_on_record"),
        "of-copy": ("not_applicable", "judged_at_source"),
    }
    assert found["prod", "disk-of-disk-current"] == ("not_applicable", "judged_with_server")
    assert {key: code for key, code in found.items() if key[0] != "prod" and "disk" not in key[1]} == {
        ("never-read", "of-one"): ("not_applicable", "input_missing"),
        ("refused", "of-one"): ("not_applicable", "input_missing"),
        ("partial", "of-one"): ("pass", "tested"),
        ("partial", "of-two"): ("unknown", "log_incomplete"),
        ("stale", "of-one"): ("unknown", "input_stale"),
    }


def test_the_last_restore_is_compared_with_the_target_of_the_tier(restores: Home) -> None:
    found = results(restores, WITHIN_TARGET, TIERS)
    assert {subject: code for (scope, subject), code in found.items() if scope == "prod" and "disk" not in subject} == {
        "of-current": ("pass", "within_target"),
        "of-too-old": ("pass", "within_target"),
        "of-again": ("pass", "within_target"),
        "of-slow": ("fail", "too_slow"),
        "of-exact": ("pass", "within_target"),
        "of-failing": ("unknown", "no_test_on_record"),
        "of-running": ("unknown", "no_test_on_record"),
        "of-endless": ("unknown", "minutes_not_known"),
        "of-lax": ("not_applicable", "no_target"),
        "of-by-backup": ("pass", "within_target"),
        "of-by-resource": ("pass", "within_target"),
        "of-waived": ("waived", "too_slow"),
        "of-never": ("unknown", "no_test_on_record"),
        "of-copy": ("not_applicable", "judged_at_source"),
    }
    assert found["prod", "disk-of-disk-current"] == ("not_applicable", "judged_with_server")
    assert found["never-read", "of-one"] == ("not_applicable", "input_missing")
    assert found["stale", "of-one"] == ("unknown", "input_stale")


def test_a_file_of_tests_counts_as_much_as_the_record_of_tasks(home: Home) -> None:
    scopes = ("no-log", "both", "log-stale", "log-partial", "not-named")
    names = ("by-file", "by-file-backup", "slow", "failed", "never")
    lines = ["scope,resource_id,backup_id,tested_at,result,minutes,tested_by"]
    for scope in scopes[:-1]:
        lines += [
            f"{scope},of-by-file,,2026-02-20T10:00:00Z,success,5,Ann",
            f"{scope},,by-file-backup,2026-02-21T10:00:00Z,success,,",
            f"{scope},of-slow,,2026-02-22T10:00:00Z,success,61,Ann",
            f"{scope},of-failed,,2026-02-22T10:00:00Z,failed,5,Ann",
            f"{scope},of-never,,2062-02-22T10:00:00Z,success,5,Ann",
        ]
    backups = [*map(of, names), of("current")]
    log = {"operations": [restore("current")]}
    fold(
        home,
        Landed(backups, scope="no-log"),
        Landed(backups, scope="both", inputs=log),
        *stale("log-stale", backups, **log),
        Landed(backups, scope="log-partial", inputs=log, partial=("operations",)),
        Landed(backups, scope="not-named"),
    )
    put_input(home, "restore_tests.csv", "\n".join(lines), hours=47)
    found = results(home, RESTORE_TEST, TIERS)
    codes = {(scope, name): found[scope, f"of-{name}"] for scope in scopes for name in (*names, "current")}
    tested, unproven = ("pass", "tested"), ("unknown", "log_incomplete")
    by_file = {"by-file": tested, "by-file-backup": tested, "slow": tested}
    none = dict.fromkeys(("failed", "never"), ("fail", "no_test_on_record"))
    doubtful = dict.fromkeys(("failed", "never"), unproven)
    expected = {
        "no-log": by_file | none | {"current": ("fail", "no_test_on_record")},
        "both": by_file | none | {"current": tested},
        "log-stale": by_file | doubtful | {"current": tested},
        "log-partial": by_file | doubtful | {"current": tested},
        "not-named": dict.fromkeys((*names, "current"), ("not_applicable", "input_missing")),
    }
    assert codes == {(scope, name): code for scope, of_scope in expected.items() for name, code in of_scope.items()}
    speed = results(home, WITHIN_TARGET, TIERS)
    assert {name: speed["no-log", f"of-{name}"] for name in names} == {
        "by-file": ("pass", "within_target"),
        "by-file-backup": ("unknown", "minutes_not_known"),
        "slow": ("fail", "too_slow"),
        "failed": ("unknown", "no_test_on_record"),
        "never": ("unknown", "no_test_on_record"),
    }
    sql = "SELECT tested_by, line FROM compliance.restore_tests WHERE scope = 'no-log' AND is_newest ORDER BY line"
    assert [tuple(row.values()) for row in ask(home, sql, rules=TIERS)] == [("Ann", 2), (None, 3), ("Ann", 4)]


def test_an_old_file_of_tests_proves_its_tests_only_beside_the_record_of_tasks(home: Home) -> None:
    log = {"operations": [restore("current")]}
    fold(home, Landed([of("one")], scope="no-log"), Landed([of("one"), of("two")], scope="both", inputs=log))
    rows = [f"{scope},of-one,2026-02-20T10:00:00Z,success" for scope in ("no-log", "both")]
    put_input(home, "restore_tests.csv", "\n".join(["scope,resource_id,tested_at,result", *rows]), hours=49)
    found = results(home, RESTORE_TEST, TIERS)
    assert found["no-log", "of-one"] == ("unknown", "input_stale")
    assert found["both", "of-one"] == ("pass", "tested")
    assert found["both", "of-two"] == ("unknown", "log_incomplete")


def test_every_restore_is_listed_and_only_the_newest_success_counts(restores: Home) -> None:
    sql = """SELECT resource_id, status, is_test, is_newest, minutes FROM compliance.restore_tests
        WHERE scope = 'prod' AND resource_id IN ('of-again', 'of-failing', 'of-running') ORDER BY 1, started_at"""
    assert [tuple(row.values()) for row in ask(restores, sql, rules=TIERS)] == [
        ("of-again", "success", True, False, 600.0),
        ("of-again", "success", True, True, 30.0),
        ("of-failing", "failed", False, False, 30.0),
        ("of-running", "running", False, False, None),
    ]


def test_a_clause_about_tests_is_measured_where_tasks_are_read(restores: Home) -> None:
    sql = "SELECT scope, status FROM compliance.standards_scorecard WHERE framework = 'CIS Controls' AND reference = '11.5'"
    found = {row["scope"]: row["status"] for row in ask(restores, sql, rules=TIERS)}
    assert found == {
        "prod": "fail",
        "never-read": "not_measurable_here",
        "refused": "not_measurable_here",
        "partial": "unknown",
        "stale": "unknown",
    }


SKIPPED, TRAIL = "backup-run-skipped-nothing", "audit-trail-readable"


def run(key: str, status: str = "success", *, days: float = 1, vault_id: str | None = None, **more: Any) -> Body:
    """A task that backed up the resource `of-key` into the vault `vault-key`."""
    extra = {"resource": {"id": f"of-{key}", "name": f"name of {key}"}, "backup": {"backup_id": more.pop("backup", "")}}
    own = {"vault_id": vault_id or f"vault-{key}", "started_at": at(days=days), "extra_info": extra}
    return {"id": f"run-{key}-{days}", "operation_type": "backup", "status": status} | own | more


def checkpoint(key: str, *resources: str) -> Body:
    """The restore point of a run that left resources out."""
    left_out = [{"id": f"of-{name}", "name": f"name of {name}", "code": "CBR.1"} for name in resources]
    return {
        "id": f"point-{key}",
        "created_at": at(days=1),
        "vault": {"id": f"vault-{key}", "skipped_resources": left_out},
    }


RUNS = [
    run("whole", backup="whole"),
    run("skipped", backup="skipped", days=2),
    run("skipped", "skipped", checkpoint_id="point-skipped", error_info={"code": "BackupService.6114"}),
    run("timed-out", "timeout"),
    run("failed-without", "failed"),
    run("failed-with", "failed", backup="failed-with"),
    run("failed-unseen", "failed", backup="unseen"),
    run("long-ago", "skipped", days=31),
    run("running", "running"),
    run("reported", backup="reported"),
    run("no-vault", "skipped") | {"vault_id": None},
    run("waived", "skipped"),
]
POINTS = [checkpoint("skipped", "skipped"), checkpoint("reported", "left-out", "left-out-too")]
RUN = (
    *("whole", "skipped", "timed-out", "failed-without", "failed-with", "failed-unseen"),
    *("long-ago", "running", "reported", "no-vault"),
)


def in_vault(name: str) -> Body:
    return of(name, vault_id=f"vault-{name}")


def test_a_run_that_left_a_resource_without_a_backup_fails_its_vault(home: Home) -> None:
    backups = [*map(in_vault, RUN), in_vault("waived"), in_vault("quiet")]
    one = [run("one", backup="one"), run("two", "skipped")]
    refusal = {"operations": refused("operations")}
    lost = [
        Landed([in_vault("one")], scope="gap", as_of=AS_OF - days * DAY, inputs={"operations": one}) for days in (40, 0)
    ]
    fold(
        home,
        Landed(backups, inputs={"operations": RUNS, "checkpoints": POINTS}),
        Landed([in_vault("one")], scope="never-read"),
        Landed([in_vault("one")], scope="refused", inputs=refusal),
        Landed([in_vault("one"), in_vault("two")], scope="partial", inputs={"operations": one}, partial=("operations",)),
        *stale("stale", [in_vault("one")], operations=one),
        *lost,
    )  # fmt: skip
    given = rules({"t": {}}, waivers=(waiver(SKIPPED, vault_id="vault-waived"),))
    assert results(home, SKIPPED, given) == {
        ("prod", "vault-whole"): ("pass", "nothing_skipped"),
        ("prod", "vault-skipped"): ("fail", "runs_skipped"),
        ("prod", "vault-timed-out"): ("fail", "runs_skipped"),
        ("prod", "vault-failed-without"): ("fail", "runs_skipped"),
        ("prod", "vault-failed-with"): ("pass", "nothing_skipped"),
        ("prod", "vault-failed-unseen"): ("fail", "runs_skipped"),
        ("prod", "vault-long-ago"): ("not_applicable", "no_runs"),
        ("prod", "vault-running"): ("not_applicable", "no_runs"),
        ("prod", "vault-reported"): ("fail", "runs_skipped"),
        ("prod", "vault-no-vault"): ("fail", "runs_skipped"),
        ("prod", "vault-waived"): ("waived", "runs_skipped"),
        ("prod", "vault-quiet"): ("not_applicable", "no_runs"),
        ("never-read", "vault-one"): ("not_applicable", "input_missing"),
        ("refused", "vault-one"): ("not_applicable", "input_missing"),
        ("partial", "vault-one"): ("unknown", "log_incomplete"),
        ("partial", "vault-two"): ("fail", "runs_skipped"),
        ("stale", "vault-one"): ("unknown", "input_stale"),
        ("gap", "vault-one"): ("unknown", "log_incomplete"),
    }
    sql = f"""SELECT subject_id, reason FROM controls.{SKIPPED.replace("-", "_")}
        WHERE subject_id IN ('vault-skipped', 'vault-reported') ORDER BY subject_id"""
    assert [tuple(row.values()) for row in ask(home, sql)] == [
        (
            "vault-reported",
            (
                "Tasks of the last 30 days that left no backup: 2, the latest at 2026-02-28 12:00:00. "
                "Resources: name of left-out, name of left-out-too. Error codes: CBR.1."
            ),
        ),
        (
            "vault-skipped",
            (
                "Tasks of the last 30 days that left no backup: 1, the latest at 2026-02-28 12:00:00. "
                "Resources: name of skipped. Error codes: BackupService.6114."
            ),
        ),
    ]


def test_an_audit_trail_that_is_refused_or_has_a_gap_fails(home: Home) -> None:
    def read(scope: str, days: float, reading: Any = ()) -> Landed:
        return Landed(scope=scope, as_of=AS_OF - days * DAY, inputs={"audit_events": reading})

    fold(
        home,
        read("readable", 6),
        read("readable", 0),
        Landed(scope="never-tried"),
        read("refused", 0, refused("audit_events")),
        read("refused-now", 1),
        read("refused-now", 0, refused("audit_events")),
        read("gap", 20),
        read("gap", 6),
        read("gap", 0),
        *(read("old-gap", days) for days in (60, 40, 34, 28, 22, 16, 10, 4, 0)),
        read("stale", 3),
        read("stale", 0, failed("audit_events")),
        read("failed-once", 1),
        read("failed-once", 0, failed("audit_events")),
        Landed(scope="partial", inputs={"audit_events": []}, partial=("audit_events",)),
        read("waived", 20),
        read("waived", 0),
    )
    wide = waiver(TRAIL, project_id="project-1") | {"scope": "waived"}
    found = {scope: code for (scope, _), code in results(home, TRAIL, rules({"t": {}}, waivers=(wide,))).items()}
    assert found == {
        "readable": ("pass", "readable"),
        "never-tried": ("not_applicable", "input_missing"),
        "refused": ("fail", "not_granted"),
        "refused-now": ("fail", "not_granted"),
        "gap": ("fail", "events_lost"),
        "old-gap": ("pass", "readable"),
        "stale": ("unknown", "input_stale"),
        "failed-once": ("pass", "readable"),
        "partial": ("unknown", "log_incomplete"),
        "waived": ("waived", "events_lost"),
    }


def event(key: str, name: str, resource_id: str, *, hours: float = 12, code: str = "204", user: str = "eve") -> Body:
    """A call so many hours ago."""
    body = {"trace_id": key, "trace_name": name, "resource_id": resource_id, "code": code, "source_ip": "10.0.0.1"}
    return body | {"time": milliseconds(at(hours=hours)), "user": {"id": f"id-{user}", "name": user}}


def test_the_trail_names_who_made_a_backup_disappear_and_only_by_calls_that_succeeded(home: Home) -> None:
    gone = [of("deleted"), of("refused"), of("unnoticed"), of("early"), of("in-vault", vault_id="vault-9")]
    kept = [of("kept"), of("kept-too", resource_id="of-deleted")]
    events = [
        event("a", "deleteBackup", "deleted"),
        event("b", "deleteBackup", "refused", code="403"),
        event("c", "deletebackup", "early", hours=30),
        event("d", "deleteVault", "vault-9", user="mallory"),
        event("e", "updatePolicy", "policy-1", code="200"),
        event("f", "listBackups", "kept", code="200"),
        event("g", "deleteBackup", "kept", hours=1),
    ]
    fold(home, Landed([*gone, *kept], as_of=AS_OF - DAY), Landed(kept, inputs={"audit_events": events}))
    sql = """SELECT trace_id, object_kind, effect, user_name, backup_id, resource_id, points_left
        FROM compliance.change_trail ORDER BY trace_id"""
    assert [tuple(row.values()) for row in ask(home, sql)] == [
        ("a", "backup", "removes_points", "eve", "deleted", "of-deleted", 1),
        ("c", "backup", "removes_points", "eve", None, None, None),
        ("d", "vault", "removes_points", "mallory", "in-vault", "of-in-vault", 0),
        ("e", "policy", "changes_retention", "eve", None, None, None),
        ("g", "backup", "removes_points", "eve", None, None, None),
    ]


SHARED = "backup-not-shared-outside"


def sharing(name: str, backup: str, *projects: str, days: float = 2, code: str = "200", **more: Any) -> Body:
    """An event that shares a backup, or ends that."""
    request = {"request": json.dumps({"members": list(projects)})} if projects else {}
    event: Body = {"trace_name": name, "code": code, "resource_id": backup, "user": {"name": "Ann"}}
    event["time"] = milliseconds(at(days=days))
    return event | {"trace_id": f"{name}-{backup}-{days}"} | request | more


def made(name: str) -> Body:
    return of(name, created_at=at(days=3))


def test_a_share_with_a_project_outside_fails_until_it_is_ended(home: Home) -> None:
    create, delete = "createBackupMember", "deleteBackupMember"
    events = [
        sharing(create, "inside", "ours"),
        sharing(create, "outside", "ours", "theirs"),
        sharing(create, "ended", "theirs"),
        sharing(delete, "ended", days=1),
        sharing(create, "one-of-two", "theirs", "others"),
        sharing(delete, "one-of-two", days=1),
        sharing(create, "again", "theirs"),
        sharing(delete, "again", days=1.5),
        sharing(create, "again", "theirs", days=1),
        sharing(create, "refused", "theirs", code="403"),
        sharing(create, "ended-in-vain", "theirs"),
        sharing(delete, "ended-in-vain", days=1, code="403"),
        sharing(create, "unnamed"),
        sharing(create, "lax", "theirs"),
        sharing(create, "waived", "theirs"),
        sharing(delete, "only-ended", days=1),
        sharing(create, "more-ended", "ours"),
        sharing(delete, "more-ended", days=1),
        sharing(delete, "more-ended", days=0.5),
        sharing(create, "old", "ours"),
        sharing(create, "old-ended", "theirs"),
        sharing(delete, "old-ended", days=1),
    ]
    old = [of("old", created_at=at(days=20)), of("old-ended", created_at=at(days=20))]
    names = (
        "inside",
        "outside",
        "ended",
        "one-of-two",
        "again",
        "refused",
        "ended-in-vain",
        "unnamed",
        "lax",
        "waived",
    )
    fold(
        home,
        Landed([*map(made, [*names, "only-ended", "more-ended", "alone"]), *old], inputs={"audit_events": events}),
        Landed([made("one")], scope="never-read"),
        Landed([made("one")], scope="refused", inputs={"audit_events": refused("audit_events")}),
        Landed(
            [made("odd")],
            scope="rejects",
            inputs={"audit_events": [sharing(create, "odd", request=json.dumps({"members": ["ours", 5, None]}))]},
        ),
        Landed(
            [made("inside"), made("outside")],
            scope="partial",
            inputs={"audit_events": events[:2]},
            partial=("audit_events",),
        ),
        *stale("stale", [made("inside"), made("outside")], audit_events=events[:2]),
    )
    given = rules(
        {"strict": {"sharing": "restricted", "allowed_projects": ["ours"]}, "lax": {"allowed_projects": ["ours"]}},
        assignments=[{"id": "a", "priority": 1, "match": {"resource_id": "of-lax"}, "tier": "lax"}],
        waivers=(waiver(SHARED, backup_id="waived"),),
    )
    found = results(home, SHARED, given)
    assert {subject: code for (scope, subject), code in found.items() if scope == "prod"} == {
        "inside": ("pass", "shared_inside"),
        "outside": ("fail", "shared_outside"),
        "ended": ("pass", "sharing_ended"),
        "one-of-two": ("fail", "shared_outside"),
        "again": ("fail", "shared_outside"),
        "refused": ("unknown", "no_event"),
        "ended-in-vain": ("fail", "shared_outside"),
        "unnamed": ("unknown", "project_not_named"),
        "lax": ("not_applicable", "not_required"),
        "waived": ("waived", "shared_outside"),
        "only-ended": ("unknown", "project_not_named"),
        "more-ended": ("unknown", "project_not_named"),
        "alone": ("unknown", "no_event"),
        "old": ("unknown", "trail_incomplete"),
        "old-ended": ("unknown", "end_not_certain"),
    }
    assert {key: code for key, code in found.items() if key[0] != "prod"} == {
        ("never-read", "one"): ("not_applicable", "input_missing"),
        ("refused", "one"): ("not_applicable", "input_missing"),
        ("rejects", "odd"): ("unknown", "trail_incomplete"),
        ("partial", "inside"): ("unknown", "trail_incomplete"),
        ("partial", "outside"): ("fail", "shared_outside"),
        ("stale", "inside"): ("unknown", "trail_incomplete"),
        ("stale", "outside"): ("fail", "shared_outside"),
    }
    sql = f"SELECT reason FROM compliance.control_results WHERE control_id = '{SHARED}' AND subject_id = 'one-of-two'"
    assert [row["reason"] for row in ask(home, sql, rules=given)] == [
        "It was shared with others, theirs at 2026-02-27 12:00:00, by Ann."
    ]
    rows = ask(home, "SELECT trace_id, project_id FROM cbr.shared_projects WHERE scope = 'partial' ORDER BY ALL")
    assert [row["project_id"] for row in rows] == ["ours", "ours", "theirs"]
