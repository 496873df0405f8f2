"""Which rule gave a resource its tier, what that demands, and which waivers concern it.

A published file and an id enter; lines leave. Does not belong here: deciding any of it (sql/intermediate/int_rules.sql
and int_waived.sql do).
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb

from pipelines.errors import PolicyError
from pipelines.policy.demands import TIER
from pipelines.storage.connection import read_published
from pipelines.text import printable

_RESOURCE = """
SELECT d.*, s.policy_id, s.effective_from, m.selector, m.value, m.priority
FROM intermediate.int_requirements AS d
JOIN policy.settings AS s ON d.scope = s.scope AND d.snapshot_id = s.snapshot_id
LEFT JOIN policy.matches AS m
    ON d.scope = m.scope AND d.snapshot_id = m.snapshot_id AND d.policy_rule_id = m.policy_rule_id
    AND m.value IN (d.resource_id, d.server_id, d.vault_id, d.enterprise_project_id, d.resource_type)
WHERE d.resource_id = $1 OR d.resource_name = $1
ORDER BY d.scope, d.resource_id, m.selector
"""
_WAIVERS = """
SELECT w.waiver_id, w.control_id, w.subject_id, w.waiver_state, p.expires_on, p.owner, p.approver, p.reason
FROM intermediate.int_waived AS w
JOIN intermediate.int_open_findings AS e
    ON w.control_id = e.control_id AND w.scope = e.scope AND w.snapshot_id = e.snapshot_id
    AND w.subject_id = e.subject_id
JOIN policy.waivers AS p ON w.scope = p.scope AND w.snapshot_id = p.snapshot_id AND w.waiver_id = p.waiver_id
WHERE e.scope = $1 AND e.resource_id = $2
ORDER BY ALL
"""


def explain(warehouse: Path, resource: str) -> Iterator[str]:
    """Yield lines about a resource, by its id or its name, scope by scope. Raises WarehouseError if there is none."""
    with read_published(warehouse) as connection:
        found = _rows(connection, _RESOURCE, [resource])
        if not found:
            raise PolicyError(
                f"there is no resource {resource} in {warehouse}",
                "Look for its id in compliance.resource_compliance; what never had a backup is not in it.",
            )
        told: set[tuple[str, str]] = set()
        for row in found:
            if (key := (row["scope"], row["resource_id"])) not in told:
                told.add(key)
                yield from _about(row, _rows(connection, _WAIVERS, list(key)))


def _about(row: dict[str, Any], waivers: list[dict[str, Any]]) -> Iterator[str]:
    name = row["resource_name"] or row["resource_id"]
    yield printable(f"{name} ({row['subject_type']}, {row['resource_id']}) in scope {row['scope']}")
    since = f", in force from {row['effective_from']:%Y-%m-%d}" if row["effective_from"] else ""
    yield printable(f"  policy {row['policy_id']}{since}, snapshot of {row['as_of']:%Y-%m-%d %H:%M} UTC")
    if row["exclusion_id"]:
        yield printable(f"  out of scope by {row['exclusion_id']}: {row['exclusion_reason']}")
    why = "no rule matches it" if row["policy_rule_id"] == "default" else f"{row['selector']} is {row['value']}"
    yield printable(f"  tier {row['tier']} by rule {row['policy_rule_id']}: {why}; owner {row['owner'] or 'not named'}")
    demands = (demand.column for demand in TIER)
    yield printable("  " + ", ".join(f"{c.name} {row[c.name]}" for c in demands if row[c.name] is not None))
    if not waivers:
        yield "  no waiver concerns it"
    for waiver in waivers:
        yield printable(
            f"  waiver {waiver['waiver_id']} for {waiver['control_id']} of {waiver['subject_id']}: "
            f"{waiver['waiver_state'].replace('_', ' ')}, ends {waiver['expires_on']}, "
            f"approved by {waiver['approver']}: {waiver['reason']}"
        )


def _rows(connection: duckdb.DuckDBPyConnection, query: str, values: list[str]) -> list[dict[str, Any]]:
    cursor = connection.execute(query, values)
    names = [column[0] for column in cursor.description or []]
    return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
