"""Render the report page: one HTML file that needs no network and no other file.

Names come from the cloud and may contain anything, so every value is escaped, and a Content-Security-Policy admits only
the page's own style and script.
"""

import base64
import hashlib
import json
import math
from collections.abc import Mapping
from datetime import datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from pipelines.reports.charts import coverage_svg, trend_svg
from pipelines.reports.listings import Listing, Row
from pipelines.reports.page_data import PageData
from pipelines.text import printable

_TEMPLATES = Path(__file__).with_name("page")
_STATUS_MARKS = {"ok": "✓", "late": "L", "missed": "M", "failed_only": "F", "no_snapshot": "·"}
_MAX_SHORT_CELL = 40  # characters of a cell that is not wrapped
# Columns with a fixed set of values, which have a colour.
_COLOURED = ("severity", "worst_severity", "recency", "verdict", "restorable", "status", "from_status", "to_status")
_COLOURS = {
    **dict.fromkeys(("fail", "critical", "non_compliant"), "bad"),
    **dict.fromkeys(("pass", "compliant", "yes"), "good"),
    **dict.fromkeys(("unknown", "high", "not_measurable_here", "not shown", "partial"), "doubt"),
    "waived": "waived",
}


def render_page(data: PageData, warehouse: Path) -> str:
    """Return the HTML of the report page about the published file at `warehouse`."""
    css, js = ((_TEMPLATES / name).read_text(encoding="utf-8") for name in ("style.css", "filter.js"))
    environment = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "shown": _shown,
        "minute": _minute,
        "date": _date,
        "percent": _percent,
        "plural": _plural,
    }
    return environment.get_template("compliance.html.j2").render(
        data=data,
        scores={score.scope: score for score in data.scores},
        trends=_trend_charts(data),
        coverages=_coverage_charts(data),
        show_scope=len(data.scopes) > 1,
        marks=_STATUS_MARKS,
        cell=_cell,
        link=_link,
        filter_text=_filter_text,
        without_scope=lambda conditions: {name: value for name, value in conditions.items() if name != "scope"},
        zip=zip,
        dict=dict,
        css=Markup(css),  # noqa: S704 - a file of this package
        js=Markup(js),  # noqa: S704 - a file of this package
        policy=f"default-src 'none'; style-src '{_digest(css)}'; script-src '{_digest(js)}'; "
        "base-uri 'none'; form-action 'none'",
        warehouse=warehouse,
        version=version("cbr-warehouse"),
    )


def _trend_charts(data: PageData) -> dict[str, Markup]:
    """Return the trend of each scope that has more than one snapshot."""
    charts = {}
    for scope in data.scopes:
        points = [point for point in data.trend if point.scope == scope.scope]
        if len(points) > 1:
            charts[scope.scope] = Markup(trend_svg(points, f"Score of {printable(scope.scope)}"))  # noqa: S704 - escaped
    return charts


def _coverage_charts(data: PageData) -> dict[str, Markup]:
    charts = {}
    for scope in dict.fromkeys(row.scope for row in data.coverage):
        controls = [row for row in data.coverage if row.scope == scope]
        title = f"Share of subjects of {printable(scope)} by status"
        charts[scope] = Markup(coverage_svg(controls, title))  # noqa: S704 - escaped
    return charts


def _digest(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def _cell(listing: Listing, row: Row, name: str) -> Markup:
    """Return a cell of a table. Numbers of a linked column link to the rows that they count."""
    value = row[name]
    if value is None:
        return Markup("<td></td>")
    if value and name in listing.links:
        table, columns = listing.links[name]
        conditions = {column: row[column] for column in columns if column in row}
        return Markup('<td class="number">{}</td>').format(_link(table, conditions, f"{value:,}"))
    if name in _COLOURED:
        return Markup('<td class="short {}">{}</td>').format(_COLOURS.get(value, ""), value)
    if isinstance(value, datetime):
        return Markup('<td class="time">{}</td>').format(_minute(value))
    if isinstance(value, int | float):
        return Markup('<td class="number">{}</td>').format(
            f"{value:,.1f}" if isinstance(value, float) else f"{value:,}"
        )
    text = printable(value)
    return Markup('<td class="{}">{}</td>').format("short" if len(text) <= _MAX_SHORT_CELL else "long", text)


def _link(table: str, conditions: Mapping[str, Any], text: object) -> Markup:
    """Return a link to the rows of a table whose columns have the values of `conditions`."""
    return Markup('<a href="#{0}-title" data-table="{0}" data-filter="{1}">{2}</a>').format(
        table, _filter_text(conditions), text
    )


def _filter_text(conditions: Mapping[str, Any]) -> str:
    """Return `conditions` (column -> value) in the syntax of filter.js."""
    return " ".join(
        f"{name}={json.dumps('' if value is None else printable(value))}" for name, value in conditions.items()
    )


def _shown(value: object) -> Markup:
    return escape("" if value is None else printable(value))


def _minute(value: datetime | None) -> str:
    return "unknown" if value is None else f"{value:%Y-%m-%d %H:%M}"


def _date(value: datetime) -> str:
    return f"{value.day} {value:%b %Y}"


def _percent(value: float | None) -> str:
    # Rounded down: 99.96 % must not look like 100 %.
    return "–" if value is None else f"{math.floor(value * 10) / 10:.1f} %"


def _plural(count: int, noun: str, plural: str = "") -> str:
    return f"{count:,} {noun if count == 1 else plural or noun + 's'}"
