"""Vaults and backup policies of the service: what each control says of each case, judged once in one home.

Each case has a vault of its own, or a scope where the input as a whole is what differs.
"""

import math
import random
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from scipy.stats import theilslopes

from pipelines.contract.inputs import FAILED, NOT_GRANTED
from pipelines.landing.manifest import InputReading
from pipelines.models.project import project
from pipelines.policy.check import PolicyFile, WaiverFile
from pipelines.policy.resolve import Rules
from pipelines.policy.schema import Policy, Waivers
from pipelines.storage.connection import connect
from pipelines.storage.home import Home
from tests.given import AS_OF, Body, Landed, ask, at, fold, server

DAY = timedelta(days=1)
DAYS = 9
MANUAL: Body = {"name": "manualbk", "extend_info": {"auto_trigger": False}}


def point(key: str, **more: Any) -> Body:
    """A recovery point of a server of its own."""
    return server(key, **({"resource_id": f"of-{key}", "children": []} | more))


# Vaults whose tier requires immutability: whether they are locked, and their recovery points.
LOCKS: dict[str, tuple[bool | None, list[Body]]] = {
    "locked": (True, [*(point(f"locked-{number}") for number in range(19)), point("locked-m", **MANUAL)]),
    "too-many-manual": (True, [*(point(f"manual-{number}") for number in range(18)), point("manual-m", **MANUAL)]),
    "by-count": (True, [point("by-count", expired_at=None)]),
    "expiry-unreadable": (True, [point("expiry-unreadable", expired_at="soon")]),
    "origin-unknown": (True, [point("origin-unknown", name="x", extend_info={"auto_trigger": ...})]),
    "manual-unreadable": (True, [point("manual-unreadable", expired_at="soon", **MANUAL)]),
    "unlocked": (False, [point("unlocked")]),
    "lock-waived": (False, [point("lock-waived")]),
    "lock-not-said": (None, [point("lock-not-said")]),
    "without-points": (False, []),
    "expired": (False, [point("expired", expired_at=at(hours=1))]),
    "excluded-manual": (True, [point("excluded"), point("excluded-m", resource_id="server-out", **MANUAL)]),
}
LOCKED = list(LOCKS)
POLICY = {
    "version": 1,
    "policy_id": "p",
    "effective_from": date(2020, 1, 1),
    "default_tier": "standard",
    "tiers": {
        "standard": {"rpo_hours": 24, "min_retention_days": 30},
        "critical": {"rpo_hours": 8, "min_retention_days": 7, "immutability": "required"},
        "archive": {"rpo_hours": 8760, "min_retention_days": 90},
    },
    "assignments": [
        {"id": "by-vault", "priority": 1, "match": {"vault_id": ["rule-of-vault", "yearly"]}, "tier": "archive"},
        {"id": "by-project", "priority": 9, "match": {"enterprise_project_id": "ep-critical"}, "tier": "critical"},
        {"id": "by-resource", "priority": 9, "match": {"resource_id": "server-critical"}, "tier": "critical"},
        {"id": "by-lock", "priority": 1, "match": {"vault_id": LOCKED}, "tier": "critical"},
        {"id": "by-type", "priority": 1, "match": {"resource_type": "OS::Sfs::Turbo"}, "tier": "archive"},
    ],
    "exclude": [
        {
            "id": "out",
            "match": {"resource_id": "server-out"},
            "reason": "rebuilt from an image",
            "owner": "ci",
            "review_by": date(2027, 1, 1),
        }
    ],
    "volume_exclusions": [
        {
            "id": "swap",
            "match": {"resource_id": ["approved-1", "approved-2"]},
            "reason": "swap space",
            "owner": "ops",
            "review_by": date(2027, 1, 1),
        },
        {
            "id": "scratch",
            "match": {"resource_id": "approved-3"},
            "reason": "scratch space",
            "owner": "ops",
            "review_by": date(2026, 2, 1),
        },
    ],
}
WAIVED = {
    "vault-capacity-headroom": "full-waived",
    "vault-policy-enabled": "policy-waived",
    "policy-frequency": "frequency-waived",
    "policy-retention": "retention-waived",
    "vault-locked": "lock-waived",
    "volume-exclusions-approved": "volume-waived",
}
WAIVERS = {
    "version": 1,
    "waivers": [
        {
            "id": f"WVR-{control}",
            "control_id": control,
            "match": {"vault_id": vault_id},
            "reason": "it is replaced in April",
            "owner": "ops@example.com",
            "approver": "ciso@example.com",
            "created": date(2026, 2, 1),
            "expires": date(2026, 4, 30),
        }
        for control, vault_id in WAIVED.items()
    ],
}
RULES = Rules((PolicyFile(Policy.model_validate(POLICY), "sha"),), WaiverFile(Waivers.model_validate(WAIVERS), "sha"))


def vault(vault_id: str, *, resources: list[Body] | None = None, billing: Body | None = None, **more: Any) -> Body:
    own = {"status": "available", "protect_type": "backup", "object_type": "server", "size": 100, "used": 10_240}
    body = {"id": vault_id, "name": f"name of {vault_id}", "locked": False, "auto_expand": False}
    return body | {"billing": own | (billing or {}), "resources": resources or []} | more


def _gb(value: float) -> int:
    """So many GB in MB, as the service writes them."""
    return round(value * 1024)


# GB used of 100 on each day, the last one at AS_OF.
USAGE: dict[str, list[float]] = {
    "grows": [20 + day for day in range(DAYS)],
    "grows-fast": [57 + 2 * day + day % 2 for day in range(DAYS)],
    "falls": [60 - day for day in range(DAYS)],
    "rests": [40.0] * DAYS,
    "six-days": [*[math.nan] * (DAYS - 6), 10, 30, 40, 50, 60, 70],
    "seven-days": [*[math.nan] * (DAYS - 7), 10, 20, 30, 40, 50, 60, 70],
}


def _vaults(day: int) -> Iterator[Body]:
    """The vaults whose use differs by day."""
    for name, values in USAGE.items():
        if not math.isnan(values[day]):
            yield vault(name, billing={"used": _gb(values[day])})


VAULTS = [
    vault("full", billing={"used": _gb(80)}),
    vault("full-waived", billing={"used": _gb(99)}),
    vault("not-full", billing={"used": _gb(80) - 1}),
    vault("expands", billing={"used": _gb(99)}, auto_expand=True),
    vault("unused-unknown", billing={"used": None}),
    vault("size-unknown", billing={"size": None}),
]


DAILY = "FREQ=DAILY;INTERVAL=1;BYHOUR=22;BYMINUTE=00"
TUE_THU_SAT = "FREQ=WEEKLY;BYDAY=TU,TH,SA;BYHOUR=22;BYMINUTE=00"
OTHER_DAYS = "FREQ=WEEKLY;BYDAY=MO,WE,FR,SU;BYHOUR=22;BYMINUTE=00"
UNREADABLE = "FREQ=MONTHLY;BYMONTHDAY=1"
DAYS_KEPT = {"retention_duration_days": 30, "max_backups": -1}


def policy(
    vault_id: str, *patterns: str, kept: Body | None = None, name: str = "daily", start: str = "2020-01-08", **more: Any
) -> Body:
    """A policy of the service that is applied to one vault."""
    trigger = {"id": "t", "type": "time", "properties": {"pattern": patterns, "start_time": f"{start} 09:59:49"}}
    body = {
        "id": f"{name} of {vault_id}",
        "name": name,
        "enabled": True,
        "operation_type": "backup",
        "operation_definition": DAYS_KEPT if kept is None else kept,
        "trigger": trigger,
        "associated_vaults": [{"vault_id": vault_id}],
    }
    return body | more


def resource(resource_id: str, kind: str = "OS::Nova::Server", **more: Any) -> Body:
    return {"id": resource_id, "name": resource_id, "type": kind, "extra_info": more}


# By the name of the vault: its policies, then what the controls about them say.
ENABLED, FREQUENCY, RETENTION = "vault-policy-enabled", "policy-frequency", "policy-retention"
NOT_JUDGED = ("not_applicable", "no_policy")
POLICIES: dict[str, tuple[list[Body], dict[str, tuple[str, str]]]] = {
    "daily": (
        [policy("daily", DAILY)],
        {
            ENABLED: ("pass", "enabled"),
            FREQUENCY: ("pass", "often_enough"),
            RETENTION: ("pass", "long_enough"),
        },
    ),
    "no-policy": ([], {ENABLED: ("fail", "no_policy"), FREQUENCY: NOT_JUDGED, RETENTION: NOT_JUDGED}),
    "disabled": (
        [policy("disabled", DAILY, enabled=False)],
        {ENABLED: ("fail", "disabled"), FREQUENCY: NOT_JUDGED, RETENTION: NOT_JUDGED},
    ),
    "one-disabled": (
        [
            policy("one-disabled", TUE_THU_SAT, name="rare"),
            policy("one-disabled", DAILY, enabled=False, kept={"max_backups": 1}),
        ],
        {ENABLED: ("pass", "enabled"), FREQUENCY: ("fail", "too_rare"), RETENTION: ("pass", "long_enough")},
    ),
    "replicates-only": (
        [policy("replicates-only", DAILY, operation_type="replication")],
        {ENABLED: ("fail", "no_policy"), FREQUENCY: NOT_JUDGED, RETENTION: NOT_JUDGED},
    ),
    "enabled-not-said": (
        [policy("enabled-not-said", DAILY, enabled=None)],
        dict.fromkeys((ENABLED, FREQUENCY, RETENTION), ("unknown", "enabled_not_said")),
    ),
    "one-not-said": (
        [policy("one-not-said", DAILY), policy("one-not-said", DAILY, name="other", enabled=None)],
        {
            ENABLED: ("pass", "enabled"),
            FREQUENCY: ("pass", "often_enough"),
            RETENTION: ("unknown", "enabled_not_said"),
        },
    ),
    "policy-waived": ([], {ENABLED: ("waived", "no_policy")}),
    "frequency-waived": ([policy("frequency-waived", TUE_THU_SAT)], {FREQUENCY: ("waived", "too_rare")}),
    "retention-waived": (
        [policy("retention-waived", DAILY, kept={"max_backups": 1})],
        {RETENTION: ("waived", "too_short")},
    ),
    "frozen": ([policy("frozen", DAILY)], {ENABLED: ("fail", "frozen")}),
    "copies": (
        [policy("copies", TUE_THU_SAT)],
        dict.fromkeys((ENABLED, FREQUENCY, RETENTION), ("not_applicable", "replication_vault")),
    ),
    "tue-thu-sat": ([policy("tue-thu-sat", TUE_THU_SAT)], {FREQUENCY: ("fail", "too_rare")}),
    "union-of-rules": ([policy("union-of-rules", TUE_THU_SAT, OTHER_DAYS)], {FREQUENCY: ("pass", "often_enough")}),
    "union-of-policies": (
        [policy("union-of-policies", TUE_THU_SAT), policy("union-of-policies", OTHER_DAYS, name="others")],
        {FREQUENCY: ("pass", "often_enough")},
    ),
    "third-day": (
        [policy("third-day", "FREQ=DAILY;INTERVAL=3;BYHOUR=1;BYMINUTE=30")],
        {FREQUENCY: ("fail", "too_rare")},
    ),
    "several-a-day": (
        [policy("several-a-day", "FREQ=DAILY;INTERVAL=1;BYHOUR=0,6,12,18;BYMINUTE=0,30")],
        {FREQUENCY: ("pass", "often_enough")},
    ),
    "begins-later": ([policy("begins-later", DAILY, start="2026-03-11")], {FREQUENCY: ("fail", "too_rare")}),
    "unreadable": (
        [policy("unreadable", UNREADABLE, DAILY, kept={"max_backups": 99})],
        {
            ENABLED: ("pass", "enabled"),
            FREQUENCY: ("unknown", "pattern_not_read"),
            RETENTION: ("unknown", "pattern_not_read"),
        },
    ),
    "no-pattern": ([policy("no-pattern")], {FREQUENCY: ("unknown", "pattern_not_read")}),
    "unreadable-days": ([policy("unreadable-days", UNREADABLE)], {RETENTION: ("pass", "long_enough")}),
    "yearly": (
        [policy("yearly", "FREQ=DAILY;INTERVAL=400;BYHOUR=1;BYMINUTE=30", kept={"max_backups": 5})],
        {FREQUENCY: ("unknown", "interval_not_known"), RETENTION: ("unknown", "pattern_not_read")},
    ),
    "too-few-days": (
        [policy("too-few-days", DAILY, kept={"retention_duration_days": 29})],
        {RETENTION: ("fail", "too_short")},
    ),
    "permanent": (
        [policy("permanent", DAILY, kept={"max_backups": -1, "retention_duration_days": -1})],
        {RETENTION: ("pass", "permanent")},
    ),
    "permanent-null": (
        [policy("permanent-null", DAILY, kept={"max_backups": None})],
        {RETENTION: ("pass", "permanent")},
    ),
    "count": (
        [policy("count", DAILY, kept={"max_backups": 30, "retention_duration_days": -1})],
        {RETENTION: ("pass", "long_enough")},
    ),
    "count-too-few": (
        [policy("count-too-few", DAILY, kept={"max_backups": 29})],
        {RETENTION: ("fail", "too_short")},
    ),
    "count-rare": ([policy("count-rare", TUE_THU_SAT, kept={"max_backups": 10})], {RETENTION: ("pass", "long_enough")}),
    "count-rare-few": (
        [policy("count-rare-few", TUE_THU_SAT, kept={"max_backups": 9})],
        {RETENTION: ("fail", "too_short")},
    ),
    "count-begins-later": (
        [policy("count-begins-later", DAILY, start="2026-04-01", kept={"max_backups": 10})],
        {RETENTION: ("fail", "too_short")},
    ),
    "periods": (
        [policy("periods", DAILY, kept={"max_backups": 7, "month_backups": 2, "timezone": "UTC+08:00"})],
        {RETENTION: ("pass", "long_enough")},
    ),
    "periods-few": (
        [policy("periods-few", DAILY, kept={"max_backups": 7, "day_backups": 10, "week_backups": 4})],
        {RETENTION: ("fail", "too_short")},
    ),
    "shortest": (
        [policy("shortest", DAILY), policy("shortest", DAILY, name="short", kept={"retention_duration_days": 7})],
        {RETENTION: ("fail", "too_short")},
    ),
    # Which requirements apply: RPO 24 h by default, 8 h for what is critical, a year for the archive.
    "rule-of-vault": (
        [policy("rule-of-vault", TUE_THU_SAT)],
        {FREQUENCY: ("pass", "often_enough"), RETENTION: ("fail", "too_short")},
    ),
    "rule-of-project": ([policy("rule-of-project", DAILY)], {FREQUENCY: ("fail", "too_rare")}),
    "strictest": (
        [policy("strictest", DAILY)],
        {FREQUENCY: ("fail", "too_rare"), RETENTION: ("fail", "too_short")},
    ),
    "out-of-scope": ([policy("out-of-scope", DAILY)], {FREQUENCY: ("pass", "often_enough")}),
}
OF_VAULTS: dict[str, Body] = {
    "frozen": {"frozen": True},
    "copies": {"billing": {"protect_type": "replication"}},
    "rule-of-vault": {"enterprise_project_id": "ep-critical", "resources": [resource("server-critical")]},
    "rule-of-project": {"enterprise_project_id": "ep-critical", "resources": [resource("share", "OS::Sfs::Turbo")]},
    "strictest": {
        "resources": [resource("server-1"), resource("server-critical"), resource("share", "OS::Sfs::Turbo")]
    },
    "out-of-scope": {"resources": [resource("server-out", "OS::Sfs::Turbo")]},
}
# Servers whose disks are left out, by the name of the vault; the disks of each server are the first list.
EXCLUSIONS: dict[str, tuple[list[str] | None, Body]] = {
    "all-disks": (["a", "b"], {}),
    "left-out": (["a", "b"], {"exclude_volumes": ["b"]}),
    "volume-waived": (["a", "b"], {"exclude_volumes": ["b"]}),
    "left-out-approved": (["a", "approved-1"], {"exclude_volumes": ["approved-1"]}),
    "approval-overdue": (["a", "approved-3"], {"exclude_volumes": ["approved-3"]}),
    "half-approved": (None, {"exclude_volumes": ["x", "approved-1", "approved-2"]}),
    "includes-all": (["a", "b"], {"include_volumes": [{"id": "a"}, {"id": "b"}]}),
    "includes-some": (["a", "b", "approved-1"], {"include_volumes": [{"id": "a"}]}),
    "includes-approved": (["a", "approved-1", "approved-2"], {"include_volumes": [{"id": "a"}]}),
    "includes-unknown": (None, {"include_volumes": [{"id": "a"}]}),
}
VAULTS += [vault(name, resources=[resource(f"server-{name}", **lists)]) for name, (_, lists) in EXCLUSIONS.items()]
VAULTS += [vault("disks-only", resources=[resource("a", "OS::Cinder::Volume")])]
VAULTS += [vault("server-excluded", resources=[resource("server-out", exclude_volumes=["b"])])]
PROTECTABLES = [
    {"id": f"server-{name}", "type": "OS::Nova::Server", "children": [{"id": disk} for disk in disks]}
    for name, (disks, _) in EXCLUSIONS.items()
    if disks
]
VAULTS += [vault(name, **OF_VAULTS.get(name, {})) for name in POLICIES]
VAULTS += [vault(name, locked=locked) for name, (locked, _) in LOCKS.items()]


def landed() -> Iterator[Landed]:
    for day in range(DAYS):
        vaults = list(_vaults(day))
        if day == DAYS - 1:
            vaults += VAULTS
        policies = [body for bodies, _ in POLICIES.values() for body in bodies]
        inputs = {"vaults": vaults, "policies": policies, "protectables": PROTECTABLES}
        points = [body | {"vault_id": name} for name, (_, bodies) in LOCKS.items() for body in bodies]
        shown = points if day == DAYS - 1 else []
        yield Landed([server(), *shown], as_of=AS_OF - (DAYS - 1 - day) * DAY, inputs=inputs)
    refused = InputReading("vaults", NOT_GRANTED, problem="403")
    failed = InputReading("vaults", FAILED, problem="no answer")
    yield scope("no-inputs")
    yield scope("refused", vaults=refused)
    yield scope("never-read", vaults=failed, policies=[])
    yield Landed([server()], scope="stale", as_of=AS_OF - 3 * DAY, inputs={"vaults": [vault("old")]})
    yield scope("stale", vaults=failed, policies=[])
    seen = {"vaults": [vault("seen")], "policies": []}
    yield Landed([server()], scope="partial", project="partial", inputs=seen, partial=("vaults",))
    yield scope("empty", vaults=[])
    lone = vault("lone", resources=[resource("server-1", include_volumes=[{"id": "a"}])])
    yield scope("no-policies", vaults=[lone])
    yield Landed([server()], scope="old-policies", as_of=AS_OF - 3 * DAY, inputs={"policies": [policy("lone", DAILY)]})
    yield scope("old-policies", vaults=[vault("lone")], policies=InputReading("policies", FAILED, problem="no answer"))
    some = {
        "vaults": [vault("good"), vault("rare"), vault("none"), vault("short")],
        "policies": [
            policy("good", DAILY),
            policy("rare", TUE_THU_SAT),
            policy("short", DAILY, kept={"max_backups": 1}),
        ],
    }
    yield Landed([server()], scope="some-policies", project="some", inputs=some, partial=("policies",))


def scope(name: str, **inputs: Any) -> Landed:
    return Landed([server()], scope=name, project=name, inputs=inputs)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Home:
    path: Path = tmp_path_factory.mktemp("vaults")
    return fold(Home(path), *landed())


SERVICE_VAULT_CONTROLS = [c.id for c in project().controls if c.subject_kind == "service_vault"]


@pytest.fixture(scope="module")
def results(home: Home) -> dict[tuple[str, str, str], dict[str, Any]]:
    controls = ", ".join(f"'{control}'" for control in SERVICE_VAULT_CONTROLS)
    rows = ask(home, f"SELECT * FROM compliance.control_results WHERE control_id IN ({controls})", rules=RULES)
    return {(row["control_id"], row["scope"], row["subject_id"]): row for row in rows}


CAPACITY = [
    ("full", "fail", "nearly_full"),
    ("full-waived", "waived", "nearly_full"),
    ("not-full", "pass", "room_left_now"),
    ("expands", "pass", "expands"),
    ("unused-unknown", "unknown", "usage_not_known"),
    ("size-unknown", "unknown", "usage_not_known"),
    ("grows", "pass", "room_left"),
    ("grows-fast", "fail", "full_soon"),
    ("falls", "pass", "room_left"),
    ("rests", "pass", "room_left"),
    ("six-days", "pass", "room_left_now"),
    ("seven-days", "fail", "full_soon"),
]
LOCK = [
    ("locked", "pass", "locked"),
    ("too-many-manual", "fail", "points_not_kept"),
    ("by-count", "fail", "points_not_kept"),
    ("expiry-unreadable", "unknown", "points_not_known"),
    ("origin-unknown", "unknown", "points_not_known"),
    ("manual-unreadable", "fail", "points_not_kept"),
    ("unlocked", "fail", "not_locked"),
    ("lock-waived", "waived", "not_locked"),
    ("lock-not-said", "unknown", "lock_not_said"),
    ("without-points", "not_applicable", "no_points"),
    ("expired", "not_applicable", "no_points"),
    ("excluded-manual", "pass", "locked"),
    ("daily", "not_applicable", "not_required"),
]
VOLUMES = [
    ("all-disks", "pass", "nothing_left_out"),
    ("left-out", "fail", "not_approved"),
    ("volume-waived", "waived", "not_approved"),
    ("left-out-approved", "pass", "approved"),
    ("approval-overdue", "pass", "approved"),
    ("half-approved", "fail", "not_approved"),
    ("includes-all", "pass", "nothing_left_out"),
    ("includes-some", "fail", "not_approved"),
    ("includes-approved", "pass", "approved"),
    ("includes-unknown", "unknown", "disks_not_known"),
    ("disks-only", "not_applicable", "no_servers"),
    ("server-excluded", "not_applicable", "no_servers"),
]
CASES = [
    *(("volume-exclusions-approved", *case) for case in VOLUMES),
    *(("vault-locked", *case) for case in LOCK),
    *(("vault-capacity-headroom", *case) for case in CAPACITY),
    *((control, name, *said) for name, (_, expected) in POLICIES.items() for control, said in expected.items()),
]


@pytest.mark.parametrize(("control", "subject", "status", "code"), CASES)
def test_a_control_says_of_each_vault_what_the_table_says(
    results: dict[tuple[str, str, str], dict[str, Any]], control: str, subject: str, status: str, code: str
) -> None:
    row = results[control, "prod", subject]
    assert (row["effective_status"], row["reason_code"]) == (status, code), row["reason"]


@pytest.mark.parametrize("control", SERVICE_VAULT_CONTROLS)
@pytest.mark.parametrize(
    ("scope", "expected"),
    [
        ("no-inputs", {"no-inputs": ("not_applicable", "input_missing", "scope")}),
        ("refused", {"refused": ("not_applicable", "input_missing", "scope")}),
        ("never-read", {"never-read": ("unknown", "input_stale", "scope")}),
        ("stale", {"old": ("unknown", "input_stale", "service_vault")}),
        ("empty", {}),
    ],
)
def test_without_vaults_that_are_read_lately_nothing_passes_or_fails(
    results: dict[tuple[str, str, str], dict[str, Any]], control: str, scope: str, expected: dict[str, Any]
) -> None:
    found = {
        subject: (row["raw_status"], row["reason_code"], row["subject_type"])
        for (control_id, of_scope, subject), row in results.items()
        if (control_id, of_scope) == (control, scope)
    }
    assert found == expected


@pytest.mark.parametrize("control", SERVICE_VAULT_CONTROLS)
def test_a_list_of_vaults_that_is_not_whole_judges_what_it_has_and_says_so(
    results: dict[tuple[str, str, str], dict[str, Any]], control: str
) -> None:
    assert results[control, "partial", "partial"]["reason_code"] == "input_incomplete"
    assert results[control, "partial", "seen"]["reason_code"] not in ("input_incomplete", "input_stale")


POLICY_CONTROLS = (ENABLED, FREQUENCY, RETENTION)


def codes(results: dict[tuple[str, str, str], dict[str, Any]], scope: str, subject: str) -> list[tuple[str, str]]:
    rows = [results[control, scope, subject] for control in POLICY_CONTROLS]
    return [(row["raw_status"], row["reason_code"]) for row in rows]


def test_without_policies_that_are_read_lately_nothing_passes_or_fails(
    results: dict[tuple[str, str, str], dict[str, Any]],
) -> None:
    assert codes(results, "no-policies", "lone") == [("not_applicable", "input_missing")] * 3
    assert codes(results, "old-policies", "lone") == [("unknown", "input_stale")] * 3


def test_a_list_of_policies_that_is_not_whole_decides_only_what_others_can_not_change(
    results: dict[tuple[str, str, str], dict[str, Any]],
) -> None:
    unknown = ("unknown", "input_incomplete")
    assert codes(results, "some-policies", "good") == [("pass", "enabled"), ("pass", "often_enough"), unknown]
    assert codes(results, "some-policies", "rare") == [("pass", "enabled"), unknown, unknown]
    assert codes(results, "some-policies", "short")[2] == ("fail", "too_short")
    assert codes(results, "some-policies", "none") == [unknown] * 3


@pytest.mark.parametrize(
    ("control", "subject", "measured"),
    [
        (FREQUENCY, "daily", 24),
        (FREQUENCY, "tue-thu-sat", 72),
        (FREQUENCY, "union-of-rules", 24),
        (FREQUENCY, "union-of-policies", 24),
        (FREQUENCY, "third-day", 72),
        (FREQUENCY, "several-a-day", 5.5),
        (FREQUENCY, "begins-later", 250),
        (RETENTION, "count-rare", 30),
        (RETENTION, "count-rare-few", 27),
        (RETENTION, "count-begins-later", 10),
        (RETENTION, "periods", 58),
        (RETENTION, "periods-few", 28),
        (RETENTION, "shortest", 7),
    ],
)
def test_intervals_and_lives_are_measured(
    results: dict[tuple[str, str, str], dict[str, Any]], control: str, subject: str, measured: float
) -> None:
    assert results[control, "prod", subject]["measured_value"] == pytest.approx(measured, abs=0.02)


@pytest.mark.parametrize(
    ("subject", "rule", "rpo", "days"),
    [
        ("daily", "default", 24, 30),
        ("rule-of-vault", "by-vault", 8760, 90),
        ("rule-of-project", "by-project", 8, 7),
        ("strictest", "by-resource", 8, 90),
        ("out-of-scope", "default", 24, 30),
    ],
)
def test_a_vault_is_judged_by_its_rule_its_project_or_the_strictest_of_its_resources(
    results: dict[tuple[str, str, str], dict[str, Any]], subject: str, rule: str, rpo: int, days: int
) -> None:
    frequency, retention = results[FREQUENCY, "prod", subject], results[RETENTION, "prod", subject]
    assert frequency["policy_rule_id"] == rule
    assert (frequency["threshold_value"], retention["threshold_value"]) == (rpo, days)


@pytest.mark.parametrize(
    ("subject", "disks"),
    [
        ("left-out", "server-left-out without b"),
        ("half-approved", "server-half-approved without approved-1, approved-2, x (approved: approved-1, approved-2)"),
        ("includes-some", "server-includes-some without b, which it does not include"),
    ],
)
def test_disks_that_are_left_out_are_named(
    results: dict[tuple[str, str, str], dict[str, Any]], subject: str, disks: str
) -> None:
    row = results["volume-exclusions-approved", "prod", subject]
    assert row["reason"] == f"Disks are left out without approval: {disks}."


def test_without_the_list_of_servers_what_is_not_included_is_not_known(
    results: dict[tuple[str, str, str], dict[str, Any]],
) -> None:
    row = results["volume-exclusions-approved", "no-policies", "lone"]
    assert (row["raw_status"], row["reason_code"]) == ("unknown", "disks_not_known")


def test_an_approval_that_nobody_reviewed_in_time_is_a_finding(home: Home) -> None:
    sql = "SELECT subject_id, status, reason_code FROM controls.waiver_valid WHERE scope = 'prod'"
    found = {row["subject_id"]: (row["status"], row["reason_code"]) for row in ask(home, sql, rules=RULES)}
    assert {name: found[name] for name in ("swap", "scratch", "out")} == {
        "swap": ("pass", "reviewed"),
        "scratch": ("fail", "review_overdue"),
        "out": ("pass", "reviewed"),
    }


def test_the_policy_that_keeps_backups_shortest_is_named(results: dict[tuple[str, str, str], dict[str, Any]]) -> None:
    reason = results[RETENTION, "prod", "shortest"]["reason"]
    assert reason == "The backups of short reach back 7.0 days; 30 are required."


def test_growth_and_its_interval_are_those_of_scipy() -> None:
    random_ = random.Random(7)
    series: dict[str, dict[int, int]] = {}  # MB by days before AS_OF: with gaps, equal values, gains and losses
    for number in range(150):
        days = random_.sample(range(28), random_.randint(7, 28))
        steps = random_.choice(((0,), (0, 0, 1), (-1, 0, 1, 2), range(-500, 900)))
        series[f"v-{number}"] = {day: 5000 + sum(random_.choice(steps) for _ in range(28 - day)) for day in days}
    rows = forecasts(series)
    assert rows.keys() == series.keys()
    for name, values in series.items():
        ordered = sorted(values, reverse=True)
        gb, days = [values[day] / 1024 for day in ordered], [-day for day in ordered]
        slope, _, low, high = theilslopes(gb, days, 0.95)
        assert rows[name][0] == len(days)
        assert rows[name][1:] == pytest.approx((slope, low, high), rel=1e-9, abs=1e-9), name


def test_growth_is_computed_from_four_weeks_alone() -> None:
    days, growth, *_ = forecasts({"v": {day: 5000 - 10 * day if day < 28 else 90_000 for day in range(40)}})["v"]
    assert days == 28
    assert growth == pytest.approx(10 / 1024)


def forecasts(series: dict[str, dict[int, int]]) -> dict[str, tuple[float, ...]]:
    """Days and growth with its interval, of vaults whose used MB are given by days before AS_OF."""
    with connect() as connection:
        run = connection.execute
        for schema in ("history", "staging", "policy", "cbr", "intermediate"):
            run(f"CREATE SCHEMA {schema}")
        run("CREATE TABLE staging.stg_snapshots AS SELECT 's' AS scope, 'x' AS snapshot_id, ? AS as_of", [AS_OF])
        settings = "90 AS look_back_days, 28 AS usage_days, 7 AS usage_least_days"
        run(f"CREATE TABLE policy.settings AS SELECT 's' AS scope, 'x' AS snapshot_id, {settings}")
        readings = "'s' AS scope, 'vaults' AS input, 'granted' AS status, true AS complete"
        run(f"CREATE TABLE history.input_readings AS SELECT {readings}, ? - n * INTERVAL 1 DAY AS as_of FROM range(60) AS days (n)", [AS_OF])  # fmt: skip
        versions = [
            {"scope": "s", "id": name, "name": name, "billing_size": 100, "billing_used": used, "read_at": AS_OF - day * DAY}
            for name, values in series.items()
            for day, used in values.items()
        ]  # fmt: skip
        connection.register("versions", pa.Table.from_pylist(versions))
        run("CREATE TABLE history.vaults AS SELECT *, read_at AS valid_from, read_at AS last_seen FROM versions")
        run("CREATE TABLE cbr.vaults AS SELECT DISTINCT ON (id) * FROM versions")
        for name in ("int_vault_usage", "int_vault_forecasts"):
            [model] = [model for model in project().models if model.name == name]
            run(f"CREATE TABLE {model.relation} AS {model.sql}")
        columns = "vault_id, days, growth_gb_per_day, least_growth_gb_per_day, most_growth_gb_per_day"
        rows = run(f"SELECT {columns} FROM intermediate.int_vault_forecasts").fetchall()
    return {row[0]: row[1:] for row in rows}


def test_the_forecast_is_said_with_its_interval(results: dict[tuple[str, str, str], dict[str, Any]]) -> None:
    values = USAGE["grows-fast"]
    slope, _, low, high = theilslopes(values, range(DAYS), 0.95)
    days, least, most = (math.floor((100 - values[-1]) / growth) for growth in (slope, high, low))
    reason = results["vault-capacity-headroom", "prod", "grows-fast"]["reason"]
    assert reason == (
        f"73.0 % of its 100 GB are used. It will be full in {days} days ({least} to {most} with 95 % confidence); "
        "it should last for more than 14 days."
    )


def test_the_capacity_of_each_day_is_listed_with_the_forecast(home: Home) -> None:
    sql = "SELECT day, size_gb, used_gb, used_percent, full_on FROM compliance.capacity_by_vault_daily"
    rows = ask(home, f"{sql} WHERE vault_id = 'grows' ORDER BY day", rules=RULES)
    assert [row["used_gb"] for row in rows] == USAGE["grows"]
    assert rows[-1] == {
        "day": AS_OF.date(),
        "size_gb": 100,
        "used_gb": 28.0,
        "used_percent": 28.0,
        "full_on": (AS_OF + 72 * DAY).date(),
    }
