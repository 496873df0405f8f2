"""The data dictionary of a published file, as Markdown.

The published file enters, read-only; text leaves.
"""

from itertools import groupby
from pathlib import Path

from pipelines.models.files import read_query
from pipelines.storage.connection import read_published


def markdown(warehouse: Path) -> str:
    """Return a section a relation, with a table of its columns."""
    with read_published(warehouse) as connection:
        rows = connection.execute(read_query("reports/dictionary")).fetchall()
    parts = ["# Data dictionary\n"]
    for relation, (about, *columns) in ((name, list(group)) for name, group in groupby(rows, key=lambda row: row[0])):
        parts.append(f"\n## {relation}\n\n{about[3]}\n\n| column | type | meaning |\n|---|---|---|\n")
        parts += [f"| `{name}` | {kind} | {_cell(text)} |\n" for _, name, kind, text in columns]
    return "".join(parts)


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")
