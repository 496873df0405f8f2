"""What the report says -> one page that needs nothing else: no network, no other file.

Belongs here: the template's words for values, and the policy that keeps everything out that is not of this page. Does
not belong here: which rows (content.py), drawing (charts.py). Names come from the cloud and may hold anything: all is
escaped.
"""

import base64
import hashlib
import json
import math
from datetime import datetime
from importlib.metadata import version
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from pipelines.reports import charts
from pipelines.reports.content import Content
from pipelines.reports.listings import Listing, Row
from pipelines.text import printable

_PAGE = Path(__file__).with_name("page")
_MARKS = {"ok": "✓", "late": "L", "missed": "M", "failed_only": "F", "no_snapshot": "·"}
_SHORT = 40  # characters of a cell that is not broken
# Columns whose words are ours, so that a word may have a colour.
_TONED = ("severity", "worst_severity", "recency", "verdict", "restorable", "status", "from_status", "to_status")
_TONES = {
    **dict.fromkeys(("fail", "critical", "non_compliant"), "bad"),
    **dict.fromkeys(("pass", "compliant", "yes"), "good"),
    **dict.fromkeys(("unknown", "high", "not_measurable_here", "not shown", "partial"), "doubt"),
    "waived": "accepted",
}


def page(content: Content, warehouse: Path) -> str:
    """Return the page."""
    css, js = ((_PAGE / name).read_text(encoding="utf-8") for name in ("style.css", "filter.js"))
    environment = Environment(
        loader=FileSystemLoader(_PAGE), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters |= {"shown": _shown, "moment": _moment, "percent": _percent}
    newest = max((scope["as_of"] for scope in content.scopes if scope["as_of"]), default=None)
    return environment.get_template("compliance.html.j2").render(
        content=content,
        scores={row["scope"]: row for row in content.scores},
        trends={
            scope["scope"]: Markup(charts.trend(_of(content, scope["scope"]), f"Score of {printable(scope['scope'])}"))  # noqa: S704 - escaped there
            for scope in content.scopes
            if len(_of(content, scope["scope"])) > 1
        },
        coverages={
            scope: Markup(charts.coverage(mine, f"Share of subjects of {printable(scope)} by result"))  # noqa: S704 - escaped there
            for scope in dict.fromkeys(row["scope"] for row in content.coverage)
            if (mine := [row for row in content.coverage if row["scope"] == scope])
        },
        several=len(content.scopes) > 1,
        marks=_MARKS,
        cell=_cell,
        leading=_leading,
        filtered=_filtered,
        without_scope=lambda asked: {name: to for name, to in asked.items() if name != "scope"},
        zip=zip,
        dict=dict,
        day=_moment(newest),
        css=Markup(css),  # noqa: S704 - a file of this package
        js=Markup(js),  # noqa: S704 - a file of this package
        policy=f"default-src 'none'; style-src '{_digest(css)}'; script-src '{_digest(js)}'; "
        "base-uri 'none'; form-action 'none'",
        warehouse=warehouse,
        version=version("cbr-warehouse"),
    )


def _of(content: Content, scope: str) -> list[dict[str, object]]:
    return [row for row in content.trend if row["scope"] == scope]


def _digest(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def _cell(listing: Listing, row: Row, name: str) -> Markup:
    """Return a cell of a table; a number leads to the rows behind it."""
    value = row[name]
    if value is None:
        return Markup("<td></td>")
    if value and name in listing.links:
        table, by = listing.links[name]
        asked = {column: row[column] for column in by if column in row}
        return Markup('<td class="number">{}</td>').format(_leading(table, asked, f"{value:,}"))
    if name in _TONED:
        return Markup('<td class="short {}">{}</td>').format(_TONES.get(value, ""), value)
    if isinstance(value, datetime):
        return Markup('<td class="time">{}</td>').format(_moment(value))
    if isinstance(value, int | float):
        return Markup('<td class="number">{}</td>').format(
            f"{value:,.1f}" if isinstance(value, float) else f"{value:,}"
        )
    text = printable(value)
    return Markup('<td class="{}">{}</td>').format("short" if len(text) <= _SHORT else "long", text)


def _leading(table: str, asked: Row, text: object) -> Markup:
    """Return a link to the rows of a table whose columns have the values of `asked`."""
    return Markup('<a href="#{0}-title" data-table="{0}" data-filter="{1}">{2}</a>').format(
        table, _filtered(asked), text
    )


def _filtered(asked: Row) -> str:
    """Return what filter.js takes for: only rows whose columns have these values."""
    return " ".join(f"{name}={json.dumps('' if to is None else printable(to))}" for name, to in asked.items())


def _shown(value: object) -> Markup:
    return escape("" if value is None else printable(value))


def _moment(value: datetime | None) -> str:
    return "not known" if value is None else f"{value:%Y-%m-%d %H:%M}"


def _percent(value: float | None) -> str:
    # What is not all is never rounded to all.
    return "–" if value is None else f"{math.floor(value * 10) / 10:.1f} %"
