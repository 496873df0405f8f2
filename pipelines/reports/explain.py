"""Which rule gave a resource its tier, the parameters of that tier, and the waivers that cover the resource.

It only reads what sql/intermediate/int_rules.sql and int_waived.sql decided in the published file.
"""

from collections.abc import Iterator
from dataclasses import dataclass, fields
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar

import duckdb

from pipelines.errors import PolicyError
from pipelines.models.files import read_query
from pipelines.policy.parameters import Tier
from pipelines.storage.connection import read_published
from pipelines.text import printable

_RESOURCES = """select * from (\n{}\n) as requirements
where resource_id = $1 or resource_name = $1 order by scope, resource_id, selector"""
_WAIVERS = "select * from (\n{}\n) as waivers where scope = $1 and resource_id = $2 order by all"


@dataclass(frozen=True, slots=True)
class _Resource:
    scope: str
    resource_id: str
    resource_name: str | None
    subject_type: str
    as_of: datetime
    policy_id: str
    effective_from: datetime | None
    policy_rule_id: str
    tier: str
    owner: str | None
    selector: str | None
    value: str | None
    exclusion_id: str | None
    exclusion_reason: str | None


@dataclass(frozen=True, slots=True)
class _Waiver:
    waiver_id: str
    control_id: str
    subject_id: str
    waiver_state: str
    expires_on: str
    approver: str
    reason: str


_Record = TypeVar("_Record", _Resource, _Waiver)


def explain(warehouse: Path, resource: str) -> Iterator[str]:
    """Yield lines about a resource, given by id or name, for each scope. Raise PolicyError if there is none."""
    with read_published(warehouse) as connection:
        rows = _fetch(connection, _RESOURCES.format(read_query("explain/requirements")), [resource])
        if not rows:
            raise PolicyError(
                f"there is no resource {resource} in {warehouse}",
                "Look for its id in compliance.resource_compliance; a resource that never had a backup is not in it.",
            )
        explained: set[tuple[str, str]] = set()
        for row in rows:
            key = (row["scope"], row["resource_id"])
            if key not in explained:
                explained.add(key)
                query = _WAIVERS.format(read_query("explain/waivers"))
                waivers = [_record(_Waiver, waiver) for waiver in _fetch(connection, query, list(key))]
                parameters = {name: row[name] for name in Tier.model_fields if row[name] is not None}
                yield from map(printable, _lines(_record(_Resource, row), parameters, waivers))


def _lines(resource: _Resource, parameters: dict[str, Any], waivers: list[_Waiver]) -> Iterator[str]:
    name = resource.resource_name or resource.resource_id
    yield f"{name} ({resource.subject_type}, {resource.resource_id}) in scope {resource.scope}"
    since = f", in force from {resource.effective_from:%Y-%m-%d}" if resource.effective_from else ""
    yield f"  policy {resource.policy_id}{since}, snapshot of {resource.as_of:%Y-%m-%d %H:%M} UTC"
    if resource.exclusion_id:
        yield f"  out of scope by {resource.exclusion_id}: {resource.exclusion_reason}"
    is_default = resource.policy_rule_id == "default"
    match = "no rule matches it" if is_default else f"{resource.selector} is {resource.value}"
    yield f"  tier {resource.tier} by rule {resource.policy_rule_id}: {match}; owner {resource.owner or 'not named'}"
    yield "  " + ", ".join(f"{parameter} {value}" for parameter, value in parameters.items())
    if not waivers:
        yield "  no waiver covers it"
    for waiver in waivers:
        yield (
            f"  waiver {waiver.waiver_id} for {waiver.control_id} of {waiver.subject_id}: "
            f"{waiver.waiver_state.replace('_', ' ')}, ends {waiver.expires_on}, "
            f"approved by {waiver.approver}: {waiver.reason}"
        )


def _record(record_type: type[_Record], row: dict[str, Any]) -> _Record:
    return record_type(**{field.name: row[field.name] for field in fields(record_type)})


def _fetch(connection: duckdb.DuckDBPyConnection, query: str, parameters: list[str]) -> list[dict[str, Any]]:
    cursor = connection.execute(query, parameters)
    names = [column[0] for column in cursor.description or []]
    return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
