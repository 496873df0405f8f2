"""Which rule gave a resource its tier, what that demands, and which waivers concern it.

A published file and an id enter; lines leave. Does not belong here: deciding any of it (sql/intermediate/int_rules.sql
and int_waived.sql do).
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb

from pipelines.errors import PolicyError
from pipelines.models.files import read_query
from pipelines.policy.demands import TIER
from pipelines.storage.connection import read_published
from pipelines.text import printable

# What is asked of one resource, and in which order.
_RESOURCE = """SELECT * FROM (\n{}\n) AS requirements
WHERE resource_id = $1 OR resource_name = $1 ORDER BY scope, resource_id, selector"""
_WAIVERS = "SELECT * FROM (\n{}\n) AS waivers WHERE scope = $1 AND resource_id = $2 ORDER BY ALL"


def explain(warehouse: Path, resource: str) -> Iterator[str]:
    """Yield lines about a resource, by its id or its name, scope by scope. Raises WarehouseError if there is none."""
    with read_published(warehouse) as connection:
        found = _rows(connection, _RESOURCE.format(read_query("explain/requirements")), [resource])
        if not found:
            raise PolicyError(
                f"there is no resource {resource} in {warehouse}",
                "Look for its id in compliance.resource_compliance; what never had a backup is not in it.",
            )
        told: set[tuple[str, str]] = set()
        for row in found:
            if (key := (row["scope"], row["resource_id"])) not in told:
                told.add(key)
                yield from _about(row, _rows(connection, _WAIVERS.format(read_query("explain/waivers")), list(key)))


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
