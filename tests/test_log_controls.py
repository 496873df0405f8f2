"""What the controls about tasks and the audit trail of the service say: many cases in one home, each its own resource."""

from typing import Any

import pytest

from pipelines.storage.home import Home
from tests.given import Body, Landed, ask, at, child, fold, replica, server
from tests.given_inputs import refused, results, rules, stale, waiver

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
