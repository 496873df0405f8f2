"""The compliance summary in a terminal: the state of each scope, its controls, and resources without a backup.

Names come from the cloud. Control characters in them are spelled out, and nothing is taken for markup.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from pipelines.models.files import read_query
from pipelines.reports.grants import LackingInput, RefusedProject, read_lacking_inputs, read_refused_projects
from pipelines.reports.scopes import ScopeState, read_scopes
from pipelines.storage.connection import fetch_rows, read_published
from pipelines.storage.home import Home
from pipelines.text import printable

_VERDICT_STYLES = {"pass": "green", "fail": "red", "unknown": "yellow", "waived": "magenta", "not_applicable": "dim"}
_VERDICT_LABELS = {"not_applicable": "n/a"}
MAX_RESOURCES = 12


@dataclass(frozen=True, slots=True)
class ControlSummary:
    """The verdict of one control in one scope, with the number of subjects by status."""

    scope: str
    control_id: str
    severity: str
    verdict: str
    passes: int
    fails: int
    unknowns: int
    not_applicable: int


@dataclass(frozen=True, slots=True)
class UnprotectedResource:
    """A resource without a dependable recovery point within its RPO."""

    scope: str
    resource: str
    newest_rp_at: datetime | None
    unprotected_since: datetime | None


@dataclass(frozen=True, slots=True)
class Summary:
    """The compliance summary of a published file."""

    scopes: list[ScopeState]
    controls: list[ControlSummary]
    unprotected: list[UnprotectedResource]
    lacking: list[LackingInput]
    refused: list[RefusedProject]


def read_summary(warehouse: Path) -> Summary:
    """Return the compliance summary of a published file."""
    with read_published(warehouse) as connection:
        return Summary(
            read_scopes(connection),
            fetch_rows(connection, read_query("reports/summary_controls"), ControlSummary),
            fetch_rows(connection, read_query("reports/summary_unprotected"), UnprotectedResource),
            read_lacking_inputs(connection),
            read_refused_projects(connection),
        )


def render_summary(summary: Summary) -> Group:
    """Return the summary as text tables, scope by scope."""
    refused = (Text(row.sentence) for row in summary.refused)
    return Group(*(_scope_section(scope, summary) for scope in summary.scopes), *refused)


def print_summary(home: Home, console: Console) -> None:
    """Print the summary of the published file of `home`, and the paths of its files."""
    console.print(render_summary(read_summary(home.warehouse)))
    for name, path in {"warehouse": home.warehouse, "tables": home.tables, "landing": home.landing}.items():
        console.print(Text(f"{name:<9}  {relative_to_cwd(path)}"), soft_wrap=True)


def relative_to_cwd(path: Path) -> Path:
    """Return `path` relative to the working directory, or unchanged if it is not below."""
    return path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path


def _scope_section(scope: ScopeState, summary: Summary) -> Group:
    controls = [control for control in summary.controls if control.scope == scope.scope]
    unprotected = [resource for resource in summary.unprotected if resource.scope == scope.scope]
    header = _scope_header(scope)
    for lacking in summary.lacking:
        if lacking.scope == scope.scope:
            header.append(f"\n{lacking.sentence}", style="yellow")
    parts: list[RenderableType] = [header, _controls_table(controls)]
    if unprotected:
        as_of = f" as of {_minute(scope.as_of)} UTC" if scope.is_stale else ""
        parts.append(_unprotected_section(unprotected, as_of))
    return Group(*parts, Text())


def _scope_header(scope: ScopeState) -> Text:
    header = Text(f"scope {printable(scope.scope)}", style="bold")
    if scope.is_sandbox:
        header.append("  (synthetic data)", style="bold magenta")
    if scope.as_of is None:
        header.append("\nno complete snapshot yet, so there are no results", style="yellow")
    else:
        header.append(f"\nas of {_minute(scope.as_of)} UTC, snapshot {scope.snapshot_id}")
        built_in = "" if scope.policy_sha256 else ", no policy file is configured"
        header.append(f"\npolicy {printable(scope.policy_id)}{built_in}")
    if scope.is_stale:
        header.append(f"\nSTALE: {printable(scope.stale_reason)}", style="yellow")
        if scope.as_of:
            header.append(f"\nresults are as of {_minute(scope.as_of)} UTC and may have changed since", style="yellow")
    if scope.rejects:
        header.append(f"\n{scope.rejects} records could not be loaded: see meta.rejects", style="yellow")
    return header


def _controls_table(controls: Iterable[ControlSummary]) -> Table:
    table = _new_table("control", "severity", "verdict", "pass", "fail", "unknown", "n/a")
    for control in controls:
        label = _VERDICT_LABELS.get(control.verdict, control.verdict)
        verdict = Text(label, style=_VERDICT_STYLES[control.verdict])
        counts = (control.passes, control.fails, control.unknowns, control.not_applicable)
        table.add_row(control.control_id, control.severity, verdict, *map(str, counts))
    return table


def _unprotected_section(resources: Sequence[UnprotectedResource], as_of: str) -> Group:
    table = _new_table("resource", "newest dependable point", "unprotected since (UTC)")
    for resource in resources[:MAX_RESOURCES]:
        newest = "none" if resource.newest_rp_at is None else _minute(resource.newest_rp_at)
        table.add_row(Text(printable(resource.resource)), newest, _minute(resource.unprotected_since))
    more = len(resources) - MAX_RESOURCES
    note = [Text(f"and {more} more in compliance.resource_compliance")] if more > 0 else []
    title = Text(f"\nresources without a dependable recovery point within their RPO{as_of}", style="bold")
    return Group(title, table, *note)


def _new_table(*headings: str) -> Table:
    table = Table(box=None, pad_edge=False, header_style="dim")
    for heading in headings:
        is_number = heading in ("pass", "fail", "unknown", "n/a")
        is_narrow = heading in ("control", "severity", "verdict")
        table.add_column(heading, justify="right" if is_number else "left", overflow="fold", no_wrap=is_narrow)
    return table


def _minute(value: datetime | None) -> str:
    return "unknown" if value is None else f"{value:%Y-%m-%d %H:%M}"
