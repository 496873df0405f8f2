"""The compliance answer in a terminal: where each scope stands, and who needs a backup.

The published file enters, read-only; text tables leave. Names in them come from the cloud and may hold
anything: what can't be printed is spelled out, and nothing is taken for markup.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from pipelines.models.files import read_query
from pipelines.storage.connection import fetch_dicts, read_published
from pipelines.storage.home import Home
from pipelines.text import printable

Row = dict[str, Any]

_VERDICT = {"pass": "green", "fail": "red", "unknown": "yellow", "waived": "magenta", "not_applicable": "dim"}
_SHORT = {"not_applicable": "n/a"}
_LISTED = 12  # resources; the rest is a query away

_QUERIES = ("reports/scopes", "reports/summary_controls", "reports/summary_unprotected")


@dataclass(frozen=True, slots=True)
class Summary:
    """The rows behind the answer."""

    scopes: list[Row]
    controls: list[Row]
    unprotected: list[Row]


def read_summary(warehouse: Path) -> Summary:
    """Return the answer of a published file."""
    with read_published(warehouse) as connection:
        return Summary(*(fetch_dicts(connection, read_query(name)) for name in _QUERIES))


def render(summary: Summary) -> Group:
    """Return the answer as text tables, scope by scope."""
    return Group(*(_scope(scope, summary) for scope in summary.scopes))


def print_summary(home: Home, console: Console) -> None:
    """Print the answer of a home's published file, and where its files are."""
    console.print(render(read_summary(home.warehouse)))
    for name, path in {"warehouse": home.warehouse, "tables": home.tables, "landing": home.landing}.items():
        console.print(Text(f"{name:<9}  {near(path)}"), soft_wrap=True)


def near(path: Path) -> Path:
    """Return a path as somebody in the working directory would name it."""
    return path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path


def _scope(scope: Row, summary: Summary) -> Group:
    controls, unprotected = (
        [row for row in found if row["scope"] == scope["scope"]] for found in (summary.controls, summary.unprotected)
    )
    parts: list[RenderableType] = [_title(scope), _controls(controls)]
    if unprotected:
        parts.append(_unprotected(unprotected, f" on {_moment(scope['as_of'])} UTC" if scope["is_stale"] else ""))
    return Group(*parts, Text())


def _title(scope: Row) -> Text:
    title = Text(f"scope {printable(scope['scope'])}", style="bold")
    if scope["is_sandbox"]:
        title.append("  synthetic data of the sandbox", style="bold magenta")
    if scope["as_of"] is None:
        title.append("\nno complete snapshot yet: nothing can be said about it", style="yellow")
    else:
        title.append(f"\nas of {_moment(scope['as_of'])} UTC, snapshot {scope['snapshot_id']}")
        built_in = "" if scope["policy_sha256"] else ": no policy file is named"
        title.append(f"\njudged by policy {printable(scope['policy_id'])}{built_in}")
    if scope["is_stale"]:
        title.append(f"\nSTALE: {printable(scope['stale_reason'])}", style="yellow")
        if scope["as_of"]:
            title.append(
                f"\nwhat follows was so on {_moment(scope['as_of'])} UTC, and may be otherwise now", style="yellow"
            )
    if scope["rejects"]:
        title.append(f"\n{scope['rejects']} records could not be loaded: see meta.rejects", style="yellow")
    return title


def _controls(controls: Iterable[Row]) -> Table:
    table = _table("control", "severity", "verdict", "pass", "fail", "unknown", "n/a")
    for row in controls:
        verdict = Text(_SHORT.get(row["verdict"], str(row["verdict"])), style=_VERDICT[row["verdict"]])
        counts = (str(row[name]) for name in ("passes", "fails", "unknowns", "not_applicable"))
        table.add_row(row["control_id"], row["severity"], verdict, *counts)
    return table


def _unprotected(resources: list[Row], then: str) -> Group:
    table = _table("resource", "newest dependable point", "unprotected since (UTC)")
    for row in resources[:_LISTED]:
        newest = "none" if row["newest_rp_at"] is None else _moment(row["newest_rp_at"])
        table.add_row(Text(printable(row["resource"])), newest, _moment(row["unprotected_since"]))
    more = len(resources) - _LISTED
    note = [Text(f"and {more} more in compliance.resource_compliance")] if more > 0 else []
    return Group(Text(f"\nwithout a dependable recovery point within its RPO{then}", style="bold"), table, *note)


def _table(*headings: str) -> Table:
    table = Table(box=None, pad_edge=False, header_style="dim")
    for heading in headings:
        numbers = heading in ("pass", "fail", "unknown", "n/a")
        narrow = heading in ("control", "severity", "verdict")
        table.add_column(heading, justify="right" if numbers else "left", overflow="fold", no_wrap=narrow)
    return table


def _moment(value: datetime | None) -> str:
    return "not known" if value is None else f"{value:%Y-%m-%d %H:%M}"
