"""What of the results is to be told: each way in which they are otherwise than what was told last.

The published file and what was told enter; texts, and what is told once they are posted, leave. It is what was told
that counts, not the snapshot before: a result that was told as good, and is judged again and is not, is news. Results
that do not pass are remembered, in one Parquet file of the home.
"""

from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from pipelines.alerts.words import code
from pipelines.contract.keys import SEVERITIES
from pipelines.errors import WarehouseError
from pipelines.models.files import read_query
from pipelines.storage.connection import fetch_dicts
from pipelines.storage.files import make_private_folder
from pipelines.storage.home import Home
from pipelines.text import printable

_NAMES = 6  # of a line
_LINES, _CHARACTERS = 30, 3_500  # of a text
# What is told of a change, the worst first. A failure that passes was mended; what was unknown merely passes now.
_WORDS = ("now fails", "is unknown", "is judged no more", "is waived", "passes again", "passes now")
_GOOD = _WORDS[3:]


@dataclass(frozen=True, slots=True)
class News:
    """What to post, one text after the other, and the results that are told once that is done."""

    texts: list[str]
    told: pa.Table


def read_news(connection: duckdb.DuckDBPyConnection, told: pa.Table | None) -> News:
    """Return what is otherwise than `told`; nothing where nothing was ever told: it is only remembered."""
    present: pa.Table = connection.sql(read_query("alerts/open_results")).to_arrow_table()
    if told is None:
        return News([], present)
    connection.register("told", told)
    connection.register("open_results", present)
    changes = sorted(fetch_dicts(connection, read_query("alerts/changes")), key=_order)
    connection.unregister("told")
    connection.unregister("open_results")
    standing = {row["scope"]: row["as_of"] for row in fetch_dicts(connection, read_query("alerts/snapshots"))}
    return News(_texts(changes, standing), present)


def read_told(home: Home) -> pa.Table | None:
    """Return the results that were told, nothing where none ever were. Raises WarehouseError if the file is damaged."""
    path = _path(home)
    try:
        return pq.read_table(path) if path.exists() else None
    except (pa.ArrowException, OSError) as error:
        raise WarehouseError(
            f"{path} is damaged: {printable(error)}", "Remove it: what does not pass now then counts as told."
        ) from None


def keep_told(home: Home, told: pa.Table) -> None:
    """Remember what was told, in one step."""
    path = _path(home)
    make_private_folder(path.parent)
    draft = path.with_suffix(".draft")
    pq.write_table(told, draft, compression="zstd")
    draft.replace(path)


def _path(home: Home) -> Path:
    return home.alerts / "told.parquet"


def _order(change: dict[str, Any]) -> tuple[int, int, str, str]:
    words, severity = _WORDS.index(change["words"]), SEVERITIES.index(change["severity"])
    return words, severity, change["control_id"], change["scope"]


def _texts(changes: list[dict[str, Any]], standing: dict[str, Any]) -> list[str]:
    """Return the changes in texts of a size that a chat takes. Good news may be left out; bad news never is."""
    good = sum(change["words"] in _GOOD for change in changes)
    room = max(0, _LINES - (len(changes) - good))
    kept = changes[: len(changes) - good + room]
    lines = [_line(change, several=len(standing) > 1) for change in kept]
    if len(kept) < len(changes):
        lines.append(f"and {len(changes) - len(kept)} kinds of results that pass or are waived")
    heads = [f"{code(scope)} as of {as_of:%Y-%m-%d %H:%M} UTC" for scope, as_of in standing.items()]
    changed = {change["scope"] for change in changes}
    head = f"*Backups of {', '.join(said for said, scope in zip(heads, standing, strict=True) if scope in changed)}*"
    texts: list[list[str]] = []
    for line in lines:
        if not texts or len(texts[-1]) > _LINES or sum(map(len, texts[-1])) + len(line) > _CHARACTERS:
            texts.append([head])
        texts[-1].append(line)
    return ["\n".join(text) for text in texts]


def _line(change: dict[str, Any], *, several: bool) -> str:
    names = Counter(change["names"])
    listed = ", ".join(
        code(name) + (f" ({times})" if times > 1 else "") for name, times in list(names.items())[:_NAMES]
    )
    more = f" and {len(names) - _NAMES} more" if len(names) > _NAMES else ""
    of = f" in {code(change['scope'])}" if several else ""
    return f"• {change['severity']} *{change['control_id']}* {change['words']}{of}: {listed}{more}"
