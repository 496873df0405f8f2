"""The data dictionary of a published file, as Markdown, for `cbr-warehouse catalog`."""

from itertools import groupby
from pathlib import Path

from pipelines.models.files import read_query
from pipelines.storage.connection import read_published


def data_dictionary(warehouse: Path) -> str:
    """Return one section per relation, with a table of its columns."""
    with read_published(warehouse) as connection:
        rows = connection.execute(read_query("reports/dictionary")).fetchall()
    parts = ["# Data dictionary\n"]
    for relation, group in groupby(rows, key=lambda row: row[0]):
        (_, _, _, description), *columns = group
        parts.append(f"\n## {relation}\n\n{description}\n\n| column | type | description |\n|---|---|---|\n")
        parts += [f"| `{name}` | {type_} | {_escape(text)} |\n" for _, name, type_, text in columns]
    return "".join(parts)


def _escape(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")
