"""How things stand with each scope: how old and how complete it is, and what changed.

The published file enters, read-only; lines of text leave.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from pipelines.models.files import read_query
from pipelines.storage.connection import fetch_dicts, read_published
from pipelines.storage.home import Home
from pipelines.text import printable


def lines(home: Home, now: datetime) -> Iterator[str]:
    """Yield the lines about a home that has a published file; `now` (naive UTC) says how old data is."""
    with read_published(home.warehouse) as connection:
        changes = {row["scope"]: row for row in fetch_dicts(connection, read_query("reports/status_changes"))}
        for scope in fetch_dicts(connection, read_query("reports/scopes")):
            yield from _scope(scope, changes.get(scope["scope"]), now)
    for name, path in {"warehouse": home.warehouse, "tables": home.tables, "history": home.histories}.items():
        yield f"{name:<10} {path}"
    yield f"{'landing':<10} {home.landing}"


def _scope(scope: dict[str, Any], changed: dict[str, Any] | None, now: datetime) -> Iterator[str]:
    sandbox = ", synthetic data of the sandbox" if scope["is_sandbox"] else ""
    yield f"scope {printable(scope['scope'])}{sandbox}"
    if scope["snapshot_id"] is None:
        yield "  no complete snapshot yet"
    else:
        age = _age(now - scope["as_of"])
        yield f"  snapshot   {scope['snapshot_id']}, {age} old, complete: {scope['listed']} backups"
        yield f"  policy     {printable(scope['policy_id'])}"
    if scope["is_stale"]:
        yield f"  STALE      last tried on {_minute(scope['attempted_at'])} UTC: {printable(scope['stale_reason'])}"
    if changed:
        then = f"on {_minute(scope['as_of'])} UTC, " if scope["is_stale"] else ""
        yield f"  backups    {then}{changed['came']} came and {changed['went']} went since the complete snapshot before"
        yield f"  results    {then}{changed['failing']} began to fail and {changed['mended']} pass again since then"
        yield f"  {'then' if then else 'now':<10} {then}{changed['fails']} fail, {changed['unknowns']} are unknown"


def _age(age: timedelta) -> str:
    hours = int(age.total_seconds() // 3600)
    return f"{hours // 24} d {hours % 24} h" if hours >= 48 else f"{hours} h" if hours else "less than 1 h"


def _minute(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M}"
