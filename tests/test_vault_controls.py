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
from tests.given import AS_OF, Body, Landed, ask, fold, server

DAY = timedelta(days=1)
DAYS = 9
POLICY = {
    "version": 1,
    "policy_id": "p",
    "effective_from": date(2020, 1, 1),
    "default_tier": "standard",
    "tiers": {"standard": {"rpo_hours": 24, "min_retention_days": 30}},
}
WAIVERS = {
    "version": 1,
    "waivers": [
        {
            "id": "WVR-1",
            "control_id": "vault-capacity-headroom",
            "match": {"vault_id": "full-waived"},
            "reason": "it is emptied in April",
            "owner": "ops@example.com",
            "approver": "ciso@example.com",
            "created": date(2026, 2, 1),
            "expires": date(2026, 4, 30),
        }
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


def landed() -> Iterator[Landed]:
    for day in range(DAYS):
        vaults = list(_vaults(day))
        if day == DAYS - 1:
            vaults += VAULTS
        yield Landed([server()], as_of=AS_OF - (DAYS - 1 - day) * DAY, inputs={"vaults": vaults})
    refused = InputReading("vaults", NOT_GRANTED, problem="403")
    failed = InputReading("vaults", FAILED, problem="no answer")
    yield scope("no-inputs")
    yield scope("refused", vaults=refused)
    yield scope("never-read", vaults=failed)
    yield Landed([server()], scope="stale", as_of=AS_OF - 3 * DAY, inputs={"vaults": [vault("old")]})
    yield scope("stale", vaults=failed)
    yield Landed([server()], scope="partial", as_of=AS_OF, inputs={"vaults": [vault("seen")]}, partial=("vaults",))
    yield scope("empty", vaults=[])


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
CASES = [("vault-capacity-headroom", *case) for case in CAPACITY]


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
    assert forecasts({"v": {day: 5000 - 10 * day if day < 28 else 90_000 for day in range(40)}})["v"][:2] == (
        28,
        pytest.approx(10 / 1024),
    )


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
