"""The compliance answer in a terminal: where each scope stands, and who needs a backup.

The published file enters, read-only; text tables leave. Names in them come from the cloud and may hold
anything: what can't be printed is spelled out, and nothing is taken for markup.
"""

from collections.abc import Hashable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from pipelines.duck import connect
from pipelines.home import Home
from pipelines.problem import shown

_VERDICT = {"pass": "green", "fail": "red", "unknown": "yellow", "waived": "magenta", "not_applicable": "dim"}
_SHORT = {"not_applicable": "n/a"}
_LISTED = 12  # resources; the rest is a query away

_SCOPES = """
select scope, is_sandbox, snapshot_id, as_of, is_stale, stale_reason, rejects
from compliance.summary group by all order by scope
"""
_CONTROLS = """
select scope, control_id, severity, verdict, passes, fails, unknowns, not_applicable
from compliance.summary
order by scope, case severity when 'critical' then 1 when 'high' then 2 when 'medium' then 3 else 4 end, control_id
"""
# A server stands for its disks: a disk is named only where its server is not.
_UNPROTECTED = """
with unprotected as (
    select * from compliance.resource_compliance where recency = 'fail'
),
disks as (
    select distinct p.scope, p.resource_id
    from intermediate.int_resource_points as p
    inner join intermediate.int_recovery_points as r using (scope, snapshot_id, backup_id)
    inner join unprotected as u on r.scope = u.scope and r.resource_id = u.resource_id
    where p.resource_id <> r.resource_id
)
select u.scope, coalesce(u.resource_name, u.resource_id) as resource, u.newest_rp_at, u.unprotected_since
from unprotected as u
anti join disks as d on u.scope = d.scope and u.resource_id = d.resource_id
order by u.unprotected_since, resource
"""


@dataclass(frozen=True, slots=True)
class Summary:
    """The frames behind the answer."""

    scopes: pd.DataFrame
    controls: pd.DataFrame
    unprotected: pd.DataFrame


def read_summary(warehouse: Path) -> Summary:
    """Return the answer of a published file."""
    with connect(warehouse, read_only=True) as connection:
        return Summary(*(connection.sql(query).df() for query in (_SCOPES, _CONTROLS, _UNPROTECTED)))


def render(summary: Summary) -> Group:
    """Return the answer as text tables, scope by scope."""
    return Group(*(_scope(scope, summary) for scope in summary.scopes.to_dict("records")))


def print_summary(home: Home, console: Console) -> None:
    """Print the answer of a home's published file, and where its files are."""
    console.print(render(read_summary(home.warehouse)))
    for name, path in {"warehouse": home.warehouse, "tables": home.tables, "landing": home.landing}.items():
        near = path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path
        console.print(Text(f"{name:<9}  {near}"), soft_wrap=True)


def _scope(scope: dict[Hashable, Any], summary: Summary) -> Group:
    name = scope["scope"]
    controls = summary.controls[summary.controls["scope"] == name]
    unprotected = summary.unprotected[summary.unprotected["scope"] == name]
    parts: list[RenderableType] = [_title(scope), _controls(controls)]
    if not unprotected.empty:
        parts.append(_unprotected(unprotected))
    return Group(*parts, Text())


def _title(scope: dict[Hashable, Any]) -> Text:
    title = Text(f"scope {shown(scope['scope'])}", style="bold")
    if scope["is_sandbox"]:
        title.append("  synthetic data of the sandbox", style="bold magenta")
    if pd.isna(scope["as_of"]):
        title.append("\nno complete snapshot yet: nothing can be said about it", style="yellow")
    else:
        title.append(f"\nas of {_moment(scope['as_of'])} UTC, snapshot {scope['snapshot_id']}")
    if scope["is_stale"]:
        title.append(f"\nSTALE, no newer reading is complete: {shown(scope['stale_reason'])}", style="yellow")
    if scope["rejects"]:
        title.append(f"\n{scope['rejects']} records could not be loaded: see meta.rejects", style="yellow")
    return title


def _controls(rows: pd.DataFrame) -> Table:
    table = _table("control", "severity", "verdict", "pass", "fail", "unknown", "n/a")
    for row in rows.itertuples(index=False):
        verdict = Text(_SHORT.get(str(row.verdict), str(row.verdict)), style=_VERDICT[str(row.verdict)])
        counts = (str(n) for n in (row.passes, row.fails, row.unknowns, row.not_applicable))
        table.add_row(str(row.control_id), str(row.severity), verdict, *counts)
    return table


def _unprotected(rows: pd.DataFrame) -> Group:
    table = _table("resource", "newest dependable point", "unprotected since (UTC)")
    for row in rows.head(_LISTED).to_dict("records"):
        newest = "none" if pd.isna(row["newest_rp_at"]) else _moment(row["newest_rp_at"])
        table.add_row(Text(shown(row["resource"])), newest, _moment(row["unprotected_since"]))
    more = len(rows) - _LISTED
    note = [Text(f"and {more} more in compliance.resource_compliance")] if more > 0 else []
    return Group(Text("\nwithout a dependable recovery point within its RPO", style="bold"), table, *note)


def _table(*headings: str) -> Table:
    table = Table(box=None, pad_edge=False, header_style="dim")
    for heading in headings:
        numbers = heading in ("pass", "fail", "unknown", "n/a")
        narrow = heading in ("control", "severity", "verdict")
        table.add_column(heading, justify="right" if numbers else "left", overflow="fold", no_wrap=narrow)
    return table


def _moment(value: object) -> str:
    return "not known" if pd.isna(value) else f"{value:%Y-%m-%d %H:%M}"  # type: ignore[call-overload]
