"""What the report says -> one page that needs nothing else: no network, no other file.

Belongs here: the template's words for values, and the policy that keeps everything out that is not of this page. Does
not belong here: which rows (content.py), drawing (charts.py). Names come from the cloud and may hold anything: all is
escaped.
"""

import base64
import hashlib
from datetime import datetime
from importlib.metadata import version
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from pipelines.problem import shown
from pipelines.reports import charts
from pipelines.reports.content import Content
from pipelines.reports.listings import Listing, Row

_PAGE = Path(__file__).with_name("page")
_MARKS = {"ok": "✓", "late": "L", "missed": "M", "failed_only": "F", "no_snapshot": "·"}
_TONES = {
    **dict.fromkeys(("fail", "critical", "non_compliant", "False"), "bad"),
    **dict.fromkeys(("pass", "compliant", "ok", "True"), "good"),
    **dict.fromkeys(("unknown", "high", "not_measurable_here"), "doubt"),
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
            scope["scope"]: Markup(charts.trend(_of(content, scope["scope"]), f"Score of {shown(scope['scope'])}"))  # noqa: S704 - escaped there
            for scope in content.scopes
            if len(_of(content, scope["scope"])) > 1
        },
        coverage=Markup(charts.coverage(content.coverage, "Share of subjects by result")),  # noqa: S704 - of our own words
        marks=_MARKS,
        cell=_cell,
        leading=_leading,
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


def _cell(content: Content, listing: Listing, row: Row, name: str) -> Markup:
    """Return a cell of a table; a number leads to the rows behind it, where the page has them."""
    value = row[name]
    if value and name in listing.links:
        table, columns = listing.links[name]
        asked = [row[column] for column in columns if row[column] in content.listings[table].cells]
        if asked or not columns:
            return Markup('<td class="number">{}</td>').format(
                _leading(table, asked[0] if asked else None, f"{value:,}")
            )
    if value is None:
        return Markup("<td></td>")
    if isinstance(value, bool) or (isinstance(value, str) and value in _TONES):
        return Markup('<td class="{}">{}</td>').format(_TONES.get(str(value), ""), str(value).lower())
    if isinstance(value, datetime):
        return Markup('<td class="time">{}</td>').format(_moment(value))
    if isinstance(value, int | float):
        return Markup('<td class="number">{}</td>').format(
            f"{value:,.1f}" if isinstance(value, float) else f"{value:,}"
        )
    return Markup("<td>{}</td>").format(_shown(value))


def _leading(table: str, to: object, text: str) -> Markup:
    """Return a link to the rows of a table that have `to` in a cell, or to all of them."""
    asked = "" if to is None else f'="{shown(to)}"'
    return Markup('<a href="#{0}-title" data-table="{0}" data-filter="{1}">{2}</a>').format(table, asked, text)


def _shown(value: object) -> Markup:
    return escape("" if value is None else shown(value))


def _moment(value: datetime | None) -> str:
    return "not known" if value is None else f"{value:%Y-%m-%d %H:%M}"


def _percent(value: float | None) -> str:
    return "–" if value is None else f"{value:.1f} %"
