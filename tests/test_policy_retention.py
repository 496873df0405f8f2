"""What the policies of the service say of points without an expiry, which are kept by count or for ever."""

from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from pipelines.contract.inputs import NOT_GRANTED
from pipelines.landing.manifest import InputReading
from pipelines.policy.check import PolicyFile
from pipelines.policy.resolve import Rules
from pipelines.policy.schema import Policy
from pipelines.storage.home import Home
from tests.given import AS_OF, Body, Landed, ask, at, fold, server

DAY = timedelta(days=1)
CONTROL = "backup-retention-minimum"
DAILY = "FREQ=DAILY;INTERVAL=1;BYHOUR=20;BYMINUTE=00"


def policy(name: str, *, pattern: str = DAILY, enabled: bool = True, **definition: Any) -> Body:
    """A backup policy that is applied to the vault of its name."""
    trigger = {"properties": {"pattern": [pattern], "start_time": "2025-01-01 00:00:00"}}
    return {
        "id": f"policy-{name}",
        "name": name,
        "enabled": enabled,
        "operation_type": "backup",
        "operation_definition": definition,
        "trigger": trigger,
        "associated_vaults": [{"vault_id": name}],
    }


# Vault: the policy that is applied to it, and what is said of an automatic point in it that has no expiry.
CASES: dict[str, tuple[Body | None, tuple[str, str]]] = {
    "for-ever": (policy("for-ever"), ("pass", "never_removed")),
    "unlimited": (policy("unlimited", max_backups=-1, retention_duration_days=-1), ("pass", "never_removed")),
    "by-days-now": (policy("by-days-now", max_backups=-1, retention_duration_days=7), ("pass", "never_removed")),
    "thirty": (policy("thirty", max_backups=30), ("pass", "kept_by_count")),
    "twenty-nine": (policy("twenty-nine", max_backups=29), ("fail", "count_too_short")),
    "weekly-five": (
        policy("weekly-five", pattern="FREQ=WEEKLY;BYDAY=SU;BYHOUR=20;BYMINUTE=00", max_backups=5),
        ("pass", "kept_by_count"),
    ),
    # Only the newest point of each month is kept so long, and nothing says which one that will be.
    "monthly": (policy("monthly", max_backups=1, month_backups=2), ("unknown", "one_of_period_is_kept")),
    "weekly-too-short": (policy("weekly-too-short", max_backups=5, week_backups=4), ("fail", "count_too_short")),
    "days-do-not-count": (
        policy("days-do-not-count", max_backups=5, retention_duration_days=60),
        ("unknown", "one_of_period_is_kept"),
    ),
    # Beside it there is a policy that counts, of which nobody says whether it is enabled.
    "perhaps": (policy("perhaps"), ("unknown", "retention_not_visible")),
    "perhaps-enabled": (
        policy("perhaps-enabled") | {"enabled": None},
        ("unknown", "retention_not_visible"),
    ),
    "unreadable": (policy("unreadable", pattern="soon", max_backups=29), ("unknown", "retention_not_visible")),
    "disabled": (policy("disabled", enabled=False, max_backups=29), ("unknown", "retention_not_visible")),
    "without-policy": (None, ("unknown", "retention_not_visible")),
}


PERHAPS = policy("perhaps") | {"id": "policy-perhaps-counts", "enabled": None}
PERHAPS["operation_definition"] = {"max_backups": 2}


def point(vault: str, **more: Any) -> Body:
    own: Body = {"vault_id": vault, "resource_id": f"of-{vault}", "expired_at": None, "children": []}
    return server(f"in-{vault}", **(own | more))


def rules() -> Rules:
    demanded = {"version": 1, "policy_id": "p", "effective_from": date(2020, 1, 1), "default_tier": "t"}
    return Rules((PolicyFile(Policy.model_validate(demanded | {"tiers": {"t": {"min_retention_days": 30}}}), "sha"),))


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> dict[tuple[str, str], tuple[str, str]]:
    """Each point, judged once: scope and point -> status and reason code."""
    home = Home(Path(tmp_path_factory.mktemp("retention")))
    dated = point("dated", expired_at=at(days=-40))
    points = [*map(point, CASES), dated]
    policies = [*(policy for policy, _ in CASES.values() if policy), PERHAPS]
    vaults = [{"id": vault, "resources": []} for vault in (*CASES, "dated")]
    refused = InputReading("policies", NOT_GRANTED, problem="403")
    given: dict[str, tuple[dict[str, Any], tuple[str, ...]]] = {
        "prod": ({"vaults": vaults, "policies": policies}, ()),
        "refused": ({"vaults": vaults, "policies": refused}, ()),
        "partial": ({"vaults": vaults, "policies": policies}, ("policies",)),
        "without": ({}, ()),
    }
    landed = [
        Landed(points, scope=scope, project=scope, inputs=inputs, partial=partial)
        for scope, (inputs, partial) in given.items()
    ]
    fold(home, *landed)
    sql = "SELECT scope, subject_id, status, reason_code FROM controls.backup_retention_minimum"
    rows = ask(home, sql, rules=rules())
    return {(row["scope"], row["subject_id"]): (row["status"], row["reason_code"]) for row in rows}


@pytest.mark.parametrize("vault", CASES)
def test_a_point_without_an_expiry_is_kept_as_the_policy_of_its_vault_says(
    found: dict[tuple[str, str], tuple[str, str]], vault: str
) -> None:
    assert found["prod", f"in-{vault}"] == CASES[vault][1]


@pytest.mark.parametrize("scope", ["refused", "partial", "without"])
@pytest.mark.parametrize("vault", CASES)
def test_where_the_policies_are_not_known_its_retention_is_not_visible(
    found: dict[tuple[str, str], tuple[str, str]], scope: str, vault: str
) -> None:
    assert found[scope, f"in-{vault}"] == ("unknown", "retention_not_visible")


@pytest.mark.parametrize("scope", ["prod", "refused", "partial", "without"])
def test_a_point_with_an_expiry_is_judged_by_it(found: dict[tuple[str, str], tuple[str, str]], scope: str) -> None:
    assert found[scope, "in-dated"] == ("pass", "long_enough")


def test_the_days_of_the_count_are_what_is_measured(tmp_path: Path) -> None:
    home = Home(tmp_path / "home")
    counted = policy("twenty-nine", max_backups=29)
    vaults = [{"id": "twenty-nine", "resources": []}]
    fold(home, Landed([point("twenty-nine")], as_of=AS_OF, inputs={"vaults": vaults, "policies": [counted]}))
    [row] = ask(home, "SELECT measured_value, reason FROM controls.backup_retention_minimum", rules=rules())
    assert row["measured_value"] == 29.0
    assert row["reason"] == (
        "It is kept by count: the backups of its vault's policies reach back 29.0 days; the minimum is 30 d."
    )


def thinned(scope: str, *definitions: dict[str, Any] | None) -> list[Landed]:
    """Eight days of a vault that is kept without an expiry; a point in the middle of a month goes on the last one.

    Each reading has the policy of one definition, the last one again and again; None: the policies are refused.
    """
    landed = []
    for day in range(8):
        definition = definitions[min(day, len(definitions) - 1)]
        made = [
            server(f"{scope}-{number}", expired_at=None, created_at=(AS_OF + (number + 5) * DAY - DAY / 12).isoformat())
            for number in range(day + 1)
            if not (day == 7 and number == 5)
        ]
        policies: Any = InputReading("policies", NOT_GRANTED, problem="403")
        if definition is not None:
            policies = [policy("vault-1", **definition)]
        landed.append(
            Landed(made, scope=scope, project=scope, as_of=AS_OF + (day + 5) * DAY, inputs={"policies": policies})
        )
    return landed


# Without a time zone nobody knows where a month begins, so the rule itself decides nothing.
LONG_TERM: dict[str, Any] | None = {"max_backups": 2, "month_backups": 6}
THINNED: dict[str, tuple[list[dict[str, Any] | None], tuple[str, str]]] = {
    "refused": ([None], ("unknown", "possible_gfs_thinning")),
    "by-count-alone": ([{"max_backups": 99}], ("fail", "deleted_unexplained")),
    "long-term": ([LONG_TERM], ("unknown", "possible_gfs_thinning")),
    "long-term-until-yesterday": ([LONG_TERM] * 7 + [{"max_backups": 99}], ("unknown", "possible_gfs_thinning")),
    "long-term-long-ago": ([LONG_TERM] * 2 + [{"max_backups": 99}], ("fail", "deleted_unexplained")),
    "read-too-late": ([None] * 7 + [{"max_backups": 99}], ("unknown", "possible_gfs_thinning")),
}


@pytest.fixture(scope="module")
def lost(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[str, str]]:
    home = Home(Path(tmp_path_factory.mktemp("thinned")))
    fold(home, *(landed for scope, (definitions, _) in THINNED.items() for landed in thinned(scope, *definitions)))
    rows = ask(home, "SELECT scope, status, reason_code FROM controls.recovery_point_deleted_early", rules=rules())
    return {row["scope"]: (row["status"], row["reason_code"]) for row in rows}


@pytest.mark.parametrize("scope", THINNED)
def test_a_point_in_the_middle_was_thinned_out_only_if_a_policy_does_that(
    lost: dict[str, tuple[str, str]], scope: str
) -> None:
    assert lost[scope] == THINNED[scope][1]
