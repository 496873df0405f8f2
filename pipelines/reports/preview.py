"""The compliance answer in a few lines of Markdown, and as numbers: what a run shows of what it published.

The published file enters, read-only; `Preview` leaves. Does not belong here: the answer in a terminal (summary.py).
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipelines.reports.scores import scores
from pipelines.reports.summary import Summary, read_summary
from pipelines.storage.connection import read_published
from pipelines.text import printable

_LISTED = 12  # resources
_PLAIN = re.compile(r"[a-z0-9-]*|\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(\.\d+)?|\d+\.\d+", re.ASCII)


@dataclass(frozen=True, slots=True)
class Preview:
    """The answer, and the scores of each scope in percent; a score is null where nothing was judged."""

    markdown: str
    scores: list[dict[str, Any]]


def read_preview(warehouse: Path) -> Preview:
    """Return the answer of a published file."""
    with read_published(warehouse) as connection:
        scored = scores(connection)
    return Preview(_markdown(read_summary(warehouse)), scored)


def _markdown(summary: Summary) -> str:
    scopes = (
        f"**{_cell(row['scope'])}**: as of {row['as_of'] or 'never'}{', STALE' if row['is_stale'] else ''}\n\n"
        for row in summary.scopes
    )
    controls = table_of(
        ("scope", "control", "severity", "verdict", "pass", "fail", "unknown"),
        (
            [row[name] for name in ("scope", "control_id", "severity", "verdict", "passes", "fails", "unknowns")]
            for row in summary.controls
        ),
    )
    resources = table_of(
        ("scope", "unprotected resource", "newest dependable point", "since"),
        (
            [row["scope"], row["resource"], row["newest_rp_at"] or "none", row["unprotected_since"]]
            for row in summary.unprotected[:_LISTED]
        ),
    )
    more = max(0, len(summary.unprotected) - _LISTED)
    return (
        "".join(scopes)
        + controls
        + (f"\n{resources}" if summary.unprotected else "")
        + (f"\nand {more} more in compliance.resource_compliance" if more else "")
    )


def table_of(head: Iterable[str], rows: Iterable[Iterable[object]]) -> str:
    """Return rows as a Markdown table, in which every cell is text."""
    names = list(head)
    lines = [names, ["---"] * len(names), *(map(_cell, row) for row in rows)]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def _cell(value: object) -> str:
    """Return a value as a cell: what could be taken for Markdown, a link or an address is code."""
    text = printable(value)
    if _PLAIN.fullmatch(text):
        return text
    return "`" + text.replace("`", "'").replace("|", "\\|") + "`"
