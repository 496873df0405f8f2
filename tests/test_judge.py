"""Whether the SQL and an independent judge agree on estates that nobody has thought of.

CBR_HISTORIES=2000 compares so many resources' histories instead of a few; CBR_SEED=7 compares others.
"""

import os
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

from hypothesis import HealthCheck, given, seed, settings

from pipelines import flow
from pipelines.home import Home
from tests.given import Landed, ask, fold
from tests.histories import Estate, estates, readings
from tests.judge import CONTROLS, UNSETTLED, Policy, Verdict, judge

SETTINGS = ("max_scope_lag_hours", "gap_window_days", "deletion_window_days", "look_back_days", "timestamp_tolerance_seconds")
# Deletions of which the text says that they are counted otherwise when they are many.
MANY = {"vault_deleted", "mass_deletion"}


class Disagreement(NamedTuple):
    """What the judge says of a subject, and what the SQL says."""

    control: str
    scope: str
    subject: str
    judge: Verdict | None
    sql: str | None
    code: str | None
    reason: str | None


def disagreements(estate: Estate) -> list[Disagreement]:
    """Land an estate day by day, let both judge it, and return where they differ."""
    read = list(readings(estate))
    expected = judge(read, estate.policy)
    with TemporaryDirectory() as folder:
        home = Home(Path(folder))
        home.prepare()
        (home.path / "policy.yaml").write_text(policy_file(estate.policy))
        fold(
            home,
            *(
                Landed(one.shown, one.listed, one.scope, one.as_of, one.project, one.region, one.complete)
                for one in read
            ),
        )
        controls = ", ".join(f"'{control}'" for control in CONTROLS)
        rows = ask(
            home,
            "SELECT control_id, scope, subject_id, status, reason_code, reason FROM controls.findings"
            f" WHERE control_id IN ({controls})",
            rules=flow.rules_of(home),
        )
    got = {(row["control_id"], row["scope"], row["subject_id"]): row for row in rows}
    return list(differences(expected, got))


def differences(expected: dict, got: dict) -> Iterator[Disagreement]:
    for key in sorted(expected.keys() | got.keys()):
        verdict, row = expected.get(key), got.get(key)
        if row is None:
            if verdict is not None and not verdict.optional:
                yield Disagreement(*key, verdict, None, None, None)
        elif verdict is None or not agree(verdict, row):
            yield Disagreement(*key, verdict, row["status"], row["reason_code"], row["reason"])


def agree(verdict: Verdict, row: dict) -> bool:
    if verdict.status == UNSETTLED:
        return True
    return verdict.status == row["status"] and (verdict.code in (None, row["reason_code"]) or row["reason_code"] in MANY)


def policy_file(policy: Policy) -> str:
    values = {key: str(value).lower() for key, value in asdict(policy).items()}
    tier = ", ".join(f"{key}: {value}" for key, value in values.items() if key not in SETTINGS)
    general = ", ".join(f"{key}: {values[key]}" for key in SETTINGS)
    return (
        "version: 1\npolicy_id: judged\neffective_from: 2025-01-01\n"
        f"settings: {{{general}}}\ntiers:\n  standard: {{{tier}}}\ndefault_tier: standard\n"
    )
