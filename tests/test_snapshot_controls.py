"""Given one snapshot at AS_OF, what each control says: a row a case. Each backup `x` is of a resource `of-x`.

The four oldest controls have a file of their own (test_controls.py); what needs several snapshots is in
test_history_controls.py.
"""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from pipelines.policy.check import PolicyFile
from pipelines.policy.resolve import Rules
from pipelines.policy.schema import Policy
from tests.given import AS_OF, Body, Landed, at, child, replica, server, volume
from tests.together import Results, lands

Case = tuple[list[Body], str, tuple[str, str]]  # backups of one resource, the subject, what is said of it


def of(key: str, **more: Any) -> Body:
    """A server's backup of four hours ago, whose server and disk are its own."""
    own = {"resource_id": f"of-{key}", "children": [child(f"disk-{key}")]}
    return server(key, **(own | more))


def disk(name: str, **more: Any) -> Body:
    return volume(name, **({"resource_id": f"of-{name}"} | more))


def daily(name: str, count: int, *, hours_apart: float = 24, **more: Any) -> list[Body]:
    """So many backups of one server, the newest of four hours ago."""
    times = [4 + number * hours_apart for number in range(count)]
    return [
        of(
            f"{name}-{number}",
            resource_id=f"of-{name}",
            created_at=at(hours=hours),
            expired_at=at(hours=hours, days=-40),
        )
        | {"name": f"autobk_{name}"}
        | more
        for number, hours in enumerate(times)
    ]


def record(status: str, *, hours: float = 3, region: str | None = "region-2", number: int = 0, **more: Any) -> Body:
    body = {
        "id": f"record-{number}",
        "status": status,
        "created_at": at(hours=hours),
        "source_region": "region-1",
        "destination_region": region,
        "destination_project_id": "project-2",
        "destination_backup_id": f"copy-{number}",
        "extra_info": {"fail_code": "BackupService.6606", "fail_reason": "full"} if status == "fail" else {},
    }
    return body | more


CASES: dict[str, list[Case]] = {
    "resource-offsite-copy": [
        ([of("a", replication_records=[record("success")])], "of-a", ("pass", "claimed")),
        ([of("b")], "of-b", ("fail", "none")),
        ([of("c", replication_records=[record("fail")])], "of-c", ("fail", "none")),
        ([of("d", replication_records=[record("success", region="region-1")])], "of-d", ("fail", "in_source_region")),
        (
            [of("e", created_at=at(days=9), replication_records=[record("success", hours=200)])],
            "of-e",
            ("fail", "overdue"),
        ),
        ([disk("f")], "of-f", ("not_applicable", "not_replicable_by_service")),
        (
            [of("g", extend_info={"contain_system_disk": False})],
            "of-g",
            ("not_applicable", "not_replicable_by_service"),
        ),
        ([of("h", resource_type="OS::New::Kind")], "of-h", ("unknown", "type_not_known")),
        ([replica("i", "elsewhere", resource_id="of-i")], "of-i", ("not_applicable", "judged_at_source")),
        ([of("j", status="error", replication_records=[record("success")])], "of-j", ("pass", "claimed")),
    ],
    "replication-healthy": [
        ([of("a", replication_records=[record("success")])], "a", ("pass", "succeeded")),
        ([of("b", replication_records=[record("fail")])], "b", ("fail", "failed")),
        (
            [of("c", replication_records=[record("fail", hours=3), record("success", hours=2, number=1)])],
            "c",
            ("pass", "succeeded"),
        ),
        (
            [of("d", replication_records=[record("success", hours=3), record("fail", hours=2, number=1)])],
            "d",
            ("fail", "failed"),
        ),
        (
            [of("e", replication_records=[record("success"), record("fail", region="region-3", number=1)])],
            "e",
            ("fail", "failed"),
        ),
        ([of("f", replication_records=[record("replicating", hours=47)])], "f", ("not_applicable", "running")),
        ([of("g", replication_records=[record("replicating", hours=49)])], "g", ("fail", "stuck")),
        ([of("h", replication_records=[record("waiting_replicate", hours=49)])], "h", ("fail", "stuck")),
        ([of("i", replication_records=[record("skip")])], "i", ("not_applicable", "skipped")),
        ([of("j", replication_records=[record("paused")])], "j", ("unknown", "status_not_known")),
        ([of("k")], "k", ("not_applicable", "no_record")),
        ([replica("l", "elsewhere", resource_id="of-l")], "l", ("not_applicable", "is_a_copy")),
        (
            [of("m", replication_records=[record("replicating", created_at=None)])],
            "m",
            ("unknown", "start_not_known"),
        ),
    ],
    "resource-latest-attempt-succeeded": [
        ([of("a")], "of-a", ("pass", "succeeded")),
        (
            [of("b", status="error"), of("b2", resource_id="of-b", created_at=at(hours=30))],
            "of-b",
            ("fail", "failed"),
        ),
        (
            [of("c", status="protecting"), of("c2", resource_id="of-c", created_at=at(hours=30))],
            "of-c",
            ("pass", "succeeded"),
        ),
        (
            [of("d", status="deleting"), of("d2", resource_id="of-d", status="error", created_at=at(hours=30))],
            "of-d",
            ("fail", "failed"),
        ),
        ([of("e", status="restoring")], "of-e", ("pass", "succeeded")),
        ([of("f", status="protecting")], "of-f", ("unknown", "none_finished")),
        ([of("g", status="frozen")], "of-g", ("unknown", "status_not_known")),
        ([of("h", children=[child("disk-h", status="error")])], "disk-of-disk-h", ("fail", "failed")),
        ([replica("i", "elsewhere", resource_id="of-i")], "of-i", ("not_applicable", "judged_at_source")),
    ],
    "backup-not-stuck": [
        ([of("a")], "a", ("not_applicable", "at_rest")),
        ([of("b", status="protecting", created_at=at(hours=23))], "b", ("pass", "running")),
        ([of("c", status="protecting", created_at=at(hours=25))], "c", ("fail", "stuck")),
        ([of("d", status="waiting_protect", created_at=at(hours=25))], "d", ("fail", "stuck")),
        ([of("e", status="restoring", created_at=at(days=9), updated_at=at(hours=25))], "e", ("fail", "stuck")),
        ([of("f", status="restoring", created_at=at(days=9), updated_at=at(hours=23))], "f", ("pass", "running")),
        ([of("g", status="deleting", created_at=at(days=9), updated_at=at(hours=47))], "g", ("pass", "running")),
        ([of("h", status="waiting_delete", created_at=at(days=9), updated_at=at(hours=49))], "h", ("fail", "stuck")),
        ([of("i", status="frozen")], "i", ("unknown", "status_not_known")),
        ([of("j", status="error", created_at=at(days=9))], "j", ("not_applicable", "at_rest")),
    ],
    "resource-automated-protection": [
        ([of("a")], "of-a", ("pass", "automatic")),
        ([of("b", name="manualbk_b", extend_info={"auto_trigger": False})], "of-b", ("fail", "manual_only")),
        ([of("c", created_at=at(days=8))], "of-c", ("fail", "overdue")),
        ([of("d", created_at=at(days=6.9))], "of-d", ("pass", "automatic")),
        ([of("e", name="x", extend_info={"auto_trigger": ...})], "of-e", ("unknown", "origin_not_said")),
        ([of("f", status="error")], "of-f", ("fail", "none")),
        (
            [of("g", expired_at="soon", extend_info={"auto_trigger": False})],
            "of-g",
            ("unknown", "expiry_not_readable"),
        ),
        ([replica("h", "elsewhere", resource_id="of-h")], "of-h", ("not_applicable", "judged_at_source")),
        ([of("i")], "disk-of-disk-i", ("pass", "automatic")),
    ],
    "backup-restorable": [
        ([of("a")], "a", ("pass", "restorable")),
        ([of("b", extend_info={"supported_restore_mode": "snapshot"})], "b", ("pass", "restorable")),
        ([of("c", extend_info={"supported_restore_mode": "na"})], "c", ("fail", "restore_mode_na")),
        ([of("d", extend_info={"supported_restore_mode": None})], "d", ("fail", "restore_mode_na")),
        ([of("e", extend_info={"supported_restore_mode": "magic"})], "e", ("unknown", "mode_not_known")),
        ([disk("f")], "f", ("not_applicable", "not_a_server")),
        ([of("g", status="error")], "g", ("not_applicable", "not_usable")),
        ([of("h", status="frozen")], "h", ("unknown", "status_not_known")),
        ([of("i", resource_type="OS::New::Kind")], "i", ("unknown", "type_not_known")),
    ],
    "recovery-point-depth": [
        (daily("a", 7), "of-a", ("pass", "deep_enough")),
        (daily("b", 6), "of-b", ("fail", "too_few")),
        (daily("c", 10, hours_apart=0.1), "of-c", ("fail", "too_close")),
        (
            [*daily("d", 6), of("d-x", resource_id="of-d", expired_at="soon")],
            "of-d",
            ("unknown", "expiry_not_readable"),
        ),
        ([replica("e", "elsewhere", resource_id="of-e")], "of-e", ("not_applicable", "judged_at_source")),
    ],
    "recovery-point-expiry-cliff": [
        ([of("a")], "of-a", ("pass", "new_ones_come")),
        ([of("b", created_at=at(days=20), expired_at=at(hours=-71))], "of-b", ("fail", "cliff")),
        ([of("c", created_at=at(days=20), expired_at=at(hours=-73))], "of-c", ("pass", "kept_on")),
        ([of("d", created_at=at(days=20), expired_at=None)], "of-d", ("pass", "kept_on")),
        ([of("e", created_at=at(days=20), expired_at="soon")], "of-e", ("unknown", "expiry_not_readable")),
        ([of("f", status="error")], "of-f", ("not_applicable", "none")),
    ],
    "backup-retention-maximum": [
        ([of("a")], "a", ("pass", "short_enough")),
        ([of("b", expired_at=at(days=-366))], "b", ("fail", "too_long")),
        ([of("c", created_at=at(days=366), expired_at=None)], "c", ("fail", "too_old")),
        ([of("d", created_at=at(days=364), expired_at=None)], "d", ("pass", "young_enough")),
        ([of("e", expired_at="soon")], "e", ("unknown", "expiry_not_readable")),
        ([of("f", created_at=None)], "f", ("unknown", "creation_not_known")),
        ([of("g", status="error")], "g", ("not_applicable", "not_usable")),
    ],
    "expired-backup-purged": [
        ([of("a")], "a", ("pass", "not_due")),
        ([of("b", expired_at=at(hours=47))], "b", ("pass", "not_due")),
        ([of("c", expired_at=at(hours=49))], "c", ("fail", "overdue")),
        ([of("d", expired_at=at(hours=49), status="deleting")], "d", ("pass", "being_removed")),
        (
            [of("e", expired_at=at(hours=49), extend_info={"os_images_data": [{"image_id": "i"}]})],
            "e",
            ("not_applicable", "held_by_image"),
        ),
        ([of("f", expired_at=None)], "f", ("not_applicable", "no_expiry")),
        ([of("g", expired_at="soon")], "g", ("unknown", "expiry_not_readable")),
    ],
    "resource-owner-known": [
        ([of("a", enterprise_project_id="ep-1")], "of-a", ("pass", "enterprise_project")),
        ([of("b", enterprise_project_id="0")], "of-b", ("fail", "nobody")),
        ([of("c")], "of-c", ("fail", "nobody")),
        ([of("d", enterprise_project_id="ep-1")], "disk-of-disk-d", ("pass", "enterprise_project")),
    ],
    "app-consistency-achieved": [([of("a")], "a", ("not_applicable", "not_required"))],
    "full-backup-age": [([of("a")], "of-a", ("not_applicable", "not_required"))],
    "three-two-one": [([of("a")], "of-a", ("not_applicable", "not_required"))],
    "backup-success-rate": [
        (daily("a", 5), "of-a", ("pass", "good")),
        (daily("b", 4), "of-b", ("unknown", "too_few")),
        ([*daily("c", 9), of("c-x", resource_id="of-c", status="error")], "of-c", ("fail", "low")),
        (daily("d", 5), "disk-of-disk-d-0", ("not_applicable", "judged_with_server")),
        ([*daily("e", 9), of("e-x", resource_id="of-e", status="frozen")], "of-e", ("unknown", "status_not_known")),
    ],
    "vault-backup-success-rate": [
        (daily("a", 5, vault_id="v-a"), "v-a", ("pass", "good")),
        (daily("b", 4, vault_id="v-b"), "v-b", ("unknown", "too_few")),
        (
            [*daily("c", 9, vault_id="v-c"), of("c-x", resource_id="of-cx", vault_id="v-c", status="error")],
            "v-c",
            ("fail", "low"),
        ),
        (
            [*daily("e", 9, vault_id="v-e"), of("e-x", resource_id="of-ex", vault_id="v-e", status="frozen")],
            "v-e",
            ("unknown", "status_not_known"),
        ),
        ([of("f", vault_id="v-f", created_at=at(days=40))], "v-f", ("not_applicable", "nothing_begun")),
    ],
    "project-backup-count-drop": [([of("a")], "prod", ("unknown", "no_history"))],
    "consecutive-failures": [
        ([of("a")], "of-a", ("pass", "none_failed")),
        (daily("b", 3, status="error"), "of-b", ("fail", "failing")),
        (daily("c", 2, status="error"), "of-c", ("pass", "failed_lately")),
        (
            [*daily("d", 3, status="error"), of("d-x", resource_id="of-d", created_at=at(hours=1))],
            "of-d",
            ("pass", "none_failed"),
        ),
        ([of("e", status="frozen")], "of-e", ("unknown", "status_not_known")),
        (
            [of("h", status="frozen"), of("h2", resource_id="of-h", created_at=at(hours=30))],
            "of-h",
            ("unknown", "status_not_known"),
        ),
        ([of("f")], "disk-of-disk-f", ("not_applicable", "judged_with_server")),
        ([of("g", created_at=at(days=40))], "of-g", ("pass", "none_failed")),
    ],
    "snapshot-complete": [([of("a")], "prod", ("pass", "complete"))],
    "source-record-valid": [([of("a")], "prod", ("pass", "all_valid"))],
}

DEMANDED: list[tuple[str, dict[str, Any], list[Case]]] = [
    (
        "resource-offsite-copy",
        {"require_verified_copy": True},
        [([of("a", replication_records=[record("success")])], "of-a", ("unknown", "copy_not_seen"))],
    ),
    (
        "resource-offsite-copy",
        {"allowed_regions": ["region-9"]},
        [([of("a", replication_records=[record("success")])], "of-a", ("fail", "region_not_allowed"))],
    ),
    ("resource-offsite-copy", {"offsite": "none"}, [([of("a")], "of-a", ("not_applicable", "not_required"))]),
    ("backup-encrypted", {"encryption": "optional"}, [([of("a")], "a", ("not_applicable", "not_required"))]),
    (
        "app-consistency-achieved",
        {"app_consistency": "required"},
        [
            ([of("a", extend_info={"app_consistency": {"app_consistency_status": "1"}})], "a", ("pass", "consistent")),
            (
                [of("b", extend_info={"app_consistency": {"app_consistency_status": "0"}})],
                "b",
                ("fail", "not_consistent"),
            ),
            (
                [of("c", extend_info={"app_consistency": {"app_consistency_error_code": "7"}})],
                "c",
                ("fail", "failed"),
            ),
            ([of("d")], "d", ("unknown", "not_said")),
            ([disk("e")], "e", ("not_applicable", "not_a_server")),
        ],
    ),
    (
        "full-backup-age",
        {"full_backup_days": 30},
        [
            ([of("a", incremental=False)], "of-a", ("pass", "young_enough")),
            ([of("b", extend_info={"incremental": False})], "of-b", ("pass", "young_enough")),
            ([of("c", incremental=True)], "of-c", ("fail", "increments_only")),
            ([of("d")], "of-d", ("unknown", "not_said")),
            (
                [of("e", incremental=False, created_at=at(days=31), expired_at=None)],
                "of-e",
                ("fail", "too_old"),
            ),
        ],
    ),
    (
        "three-two-one",
        {"three_two_one": "required"},
        [
            ([of("a")], "of-a", ("fail", "copies_missing")),
            (
                [of("b", replication_records=[record("success")]), of("b2", resource_id="of-b")],
                "of-b",
                ("unknown", "not_all_known"),
            ),
        ],
    ),
]


TIERS = {f"tier-{number}": tier for number, (_, tier, _) in enumerate(DEMANDED)}
POLICY = {
    "version": 1,
    "policy_id": "p",
    "effective_from": date(2020, 1, 1),
    "tiers": TIERS,
    "default_tier": "tier-0",
    "assignments": [
        {"id": name, "match": {"enterprise_project_id": [name]}, "priority": 1, "tier": name} for name in TIERS
    ],
}
RULES = Rules((PolicyFile(Policy.model_validate(POLICY), "sha"),))

# Controls with a verdict on the scope: their cases are all that it has.
OF_SCOPES = {"project-backup-count-drop", "snapshot-complete", "source-record-valid"}


def bodies_of(cases: list[Case]) -> Landed:
    return Landed([body for bodies, *_ in cases for body in bodies])


def expected(cases: list[Case]) -> dict[str, tuple[str, str]]:
    return {subject: verdict for _, subject, verdict in cases}


@lands(lambda control: [bodies_of(CASES[control])], alone=lambda control: control in OF_SCOPES)
@pytest.mark.parametrize("control", CASES)
def test_a_control_says_of_each_case_what_the_table_says(results: Results, control: str) -> None:
    verdicts = results.of(control)
    assert {subject: verdicts[subject] for subject in expected(CASES[control])} == expected(CASES[control])


def bodies_of_tier(tier: dict[str, Any], cases: list[Case]) -> list[Landed]:
    """Bodies whose enterprise project is what the policy knows the tier by."""
    [name] = [name for name, each in TIERS.items() if each == tier]
    return [Landed([body | {"enterprise_project_id": name} for body in bodies_of(cases).shown])]


@lands(bodies_of_tier)
@pytest.mark.parametrize(
    ("control", "tier", "cases"), DEMANDED, ids=lambda value: value if isinstance(value, str) else ""
)
def test_a_control_heeds_what_the_tier_demands(
    results: Results, control: str, tier: dict[str, Any], cases: list[Case]
) -> None:
    verdicts = results.of(control, rules=RULES)
    assert {subject: verdicts[subject] for subject in expected(cases)} == expected(cases)


def there(*bodies: Body, **more: Any) -> Landed:
    return Landed(bodies, scope="away", project="project-2", region="region-2", **more)


def copy_of(name: str, number: int = 0, **more: Any) -> Body:
    """The copy that record() tells of, where it is."""
    own = record("success", number=number, source_backup_id=name, source_project_id="project-1")
    return of(f"copy-{number}", image_type="replication", replication_records=[own], **more)


OFFSITE, LAG = "resource-offsite-copy", "replication-lag"
COPIED = Landed([of("a", replication_records=[record("success", source_backup_id="a")])])


@lands(COPIED, lambda away: [there(*away)])
@pytest.mark.parametrize(
    ("away", "expected"),
    [
        pytest.param([copy_of("a", resource_id="of-a")], ("pass", "verified"), id="the copy is seen"),
        pytest.param([], ("fail", "replica_lost"), id="the place is read, and the copy is not there"),
        pytest.param([copy_of("a", status="error")], ("fail", "replica_lost"), id="the copy is broken"),
        pytest.param([copy_of("a", expired_at=at(hours=1))], ("fail", "replica_lost"), id="the copy is expired"),
    ],
)
def test_a_copy_is_proved_by_the_place_that_it_is_in(
    results: Results, away: list[Body], expected: tuple[str, str]
) -> None:
    assert results.of(OFFSITE, scope="prod")["of-a"] == expected


@lands(there(as_of=AS_OF - timedelta(hours=1)), COPIED)
def test_a_copy_may_come_after_the_other_place_was_read(results: Results) -> None:
    assert results.of(OFFSITE, scope="prod")["of-a"] == ("pass", "claimed")


@lands(
    replace(COPIED, shown=[*COPIED.shown, disk("b")]),
    lambda made: [there(copy_of("a", created_at=made, expired_at=at(days=-40)))],
)
@pytest.mark.parametrize(
    ("made", "expected"),
    [(at(hours=3), ("pass", "in_time")), (at(days=-3.6), ("fail", "late")), (None, ("unknown", "time_not_known"))],
)
def test_the_lag_of_a_copy_is_known_where_it_is_seen(
    results: Results, made: str | None, expected: tuple[str, str]
) -> None:
    assert results.of(LAG, scope="prod") == {"a": expected, "b": ("not_applicable", "no_copy")}


@lands(Landed([], [disk("a"), disk("b", enterprise_project_id="ep-1")]))
def test_the_owner_of_what_only_the_list_tells_of_is_unknown(results: Results) -> None:
    assert results.of("resource-owner-known") == {
        "of-a": ("unknown", "details_not_read"),
        "of-b": ("pass", "enterprise_project"),
    }


DOUBTFUL = [
    of("a", created_at=at(hours=-9)),
    of("b", expired_at=at(hours=99)),
    of("c", status="frozen"),
    of("d", resource_type="OS::New::Kind"),
    of("e", created_at=at(hours=2), updated_at=at(hours=3)),
    of("f", image_type="replication"),
    of("g", resource_size={"odd": 1}),
]


@lands(Landed(DOUBTFUL), alone=True)
def test_doubtful_records_are_named_one_by_one(results: Results) -> None:
    assert set(results.rows("compliance.data_quality_findings", "rule", "backup_id")) >= {
        ("from_the_future", "a"),
        ("expires_before_creation", "b"),
        ("unknown_status", "c"),
        ("unknown_resource_type", "d"),
        ("created_after_updated", "e"),
        ("replica_without_source", "f"),
        ("value_refused", "g"),
    }
    assert results.of("source-record-valid") == {"prod": ("fail", "records_doubtful")}
