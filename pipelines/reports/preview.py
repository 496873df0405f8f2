"""The compliance summary as Markdown, and the scores as numbers, for the metadata of a Dagster run."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from pipelines.reports.scores import Score, read_scores
from pipelines.reports.summary import MAX_RESOURCES, Summary, read_summary
from pipelines.storage.connection import read_published
from pipelines.text import printable

_PLAIN = re.compile(r"[a-z0-9-]*|\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(\.\d+)?|\d+\.\d+", re.ASCII)


@dataclass(frozen=True, slots=True)
class Preview:
    """The summary as Markdown, and the score of each scope."""

    markdown: str
    scores: list[Score]


def read_preview(warehouse: Path) -> Preview:
    """Return the preview of a published file."""
    with read_published(warehouse) as connection:
        scores = read_scores(connection)
    return Preview(_markdown(read_summary(warehouse)), scores)


def _markdown(summary: Summary) -> str:
    scopes = (
        f"**{_escape(row.scope)}**: as of {row.as_of or 'never'}{', STALE' if row.is_stale else ''}\n\n"
        for row in summary.scopes
    )
    controls = markdown_table(
        ("scope", "control", "severity", "verdict", "pass", "fail", "unknown"),
        (
            (row.scope, row.control_id, row.severity, row.verdict, row.passes, row.fails, row.unknowns)
            for row in summary.controls
        ),
    )
    resources = markdown_table(
        ("scope", "unprotected resource", "newest dependable point", "unprotected since"),
        (
            (row.scope, row.resource, row.newest_rp_at or "none", row.unprotected_since)
            for row in summary.unprotected[:MAX_RESOURCES]
        ),
    )
    more = max(0, len(summary.unprotected) - MAX_RESOURCES)
    return (
        "".join(scopes)
        + controls
        + (f"\n{resources}" if summary.unprotected else "")
        + (f"\nand {more} more in compliance.resource_compliance" if more else "")
    )


def markdown_table(headings: Iterable[str], rows: Iterable[Iterable[object]]) -> str:
    """Return rows as a Markdown table whose cells are all shown as text."""
    names = list(headings)
    lines = [names, ["---"] * len(names), *(map(_escape, row) for row in rows)]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def _escape(value: object) -> str:
    """Return `value` as a cell. Text that Markdown might interpret becomes code."""
    text = printable(value)
    if _PLAIN.fullmatch(text):
        return text
    return "`" + text.replace("`", "'").replace("|", "\\|") + "`"
