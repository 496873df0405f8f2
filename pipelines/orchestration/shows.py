"""What Dagster shows of a step: the numbers that an operator asks for, the answer, the offenders of an audit.

Results of flow.py and the published file enter; metadata leaves. Does not belong here: running anything. Names come
from the cloud and may hold anything: where Dagster takes text for Markdown, they are escaped.
"""

import base64
import hashlib
import json
import re
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import dagster as dg
import pyarrow.parquet as pq

from pipelines.contract.meta import DRIFT
from pipelines.extract.snapshot import ScopeResult
from pipelines.flow.build import WarehouseDraft
from pipelines.models.audit import AuditResult
from pipelines.reports.preview import markdown_table, read_preview
from pipelines.reports.scores import read_trend
from pipelines.storage.connection import read_published
from pipelines.storage.home import Home
from pipelines.tables.manifest import TableManifest

Shown = dict[str, Any]
_TAG = re.compile(r"[^\w.-]", re.ASCII)


def scope_tags(readings: Iterable[ScopeResult]) -> dict[str, str]:
    """Return a tag for each scope, so that runs can be found by how its reading ended."""
    return {f"scope/{_plain(one.scope)}": _ended(one) for one in readings}


def landed(home: Home, readings: list[ScopeResult]) -> Shown:
    """Return what a reading of all clouds took, and how each ended."""
    snapshots = [reading.snapshot for reading in readings if reading.snapshot]
    parts = [home.landed(one.scope, one.snapshot_id) / name for one in snapshots for name in one.parts]
    head = ("scope", "reading", "snapshot", "listed", "shown", "reused", "vanished", "requests", "seconds", "why")
    lines = []
    for one in readings:
        s = one.snapshot
        read = (
            [s.snapshot_id, s.listed, s.shown, s.reused, len(s.vanished), s.requests, f"{s.seconds:.1f}"]
            if s
            else [""] * 7
        )
        lines.append([one.scope, _ended(one), *read, one.problem or (s.incomplete_reason if s else None) or ""])
    return {
        "dagster/row_count": sum(snapshot.listed for snapshot in snapshots),
        "bytes": sum(path.stat().st_size for path in parts),
        "seconds": round(max((snapshot.seconds for snapshot in snapshots), default=0.0), 1),
        "requests": sum(snapshot.requests for snapshot in snapshots),
        "retries": sum(snapshot.retries for snapshot in snapshots),
        "scopes that are not whole": sum(_ended(one) != "complete" for one in readings),
        "scopes": dg.MetadataValue.md(markdown_table(head, lines)),
    }


def tables(home: Home, names: Iterable[str], loaded: list[TableManifest]) -> dict[str, Shown]:
    """Return how large each Parquet table is, what was rejected and what was not as expected, and where it lies."""
    drift = [path for one in loaded for path in one.paths(home, DRIFT.name)]
    odd = Counter(name for path in drift for name in pq.read_table(path)["table_name"].to_pylist())
    return {name: _table(home, name, loaded) | {"drift": odd[name]} for name in names}


def _table(home: Home, name: str, loaded: list[TableManifest]) -> Shown:
    paths = [path for one in loaded for path in one.paths(home, name)]
    return {
        "dagster/row_count": sum(one.rows.get(name, 0) for one in loaded),
        "bytes": sum(path.stat().st_size for path in paths),
        "rejects": sum(one.rejects.get(name, 0) for one in loaded),
        "files": "\n".join(map(str, paths)),
    }


def relations(home: Home, draft: WarehouseDraft, names: Iterable[str]) -> Shown:
    """Return how many rows a relation in DuckDB has, and where it lies."""
    rows = [draft.rows[name] for name in names if name in draft.rows]
    counted = {"dagster/row_count": sum(rows)} if rows else {}  # a view has none of its own
    return {**counted, "file": dg.MetadataValue.path(str(home.warehouse))}


def answer(home: Home) -> Shown:
    """Return the compliance answer; Dagster draws each number over time."""
    preview = read_preview(home.warehouse)
    numbers = {
        f"{_plain(score.scope)} {name.replace('_', ' ')}": float(value)
        for score in preview.scores
        for name in ("strict_score", "score", "fails", "unknowns", "critical")
        if (value := getattr(score, name)) is not None
    }
    return {"answer": dg.MetadataValue.md(preview.markdown), "bytes": home.warehouse.stat().st_size, **numbers}


def report(home: Home, page: Path, seconds: float) -> Shown:
    """Return where a report lies, how long it took, and how the scores went."""
    from pipelines.reports.charts import trend_png
    from pipelines.reports.report import WORKBOOK

    with read_published(home.warehouse) as connection:
        points = read_trend(connection)
    pictures = {
        f"score of {_plain(scope)}": dg.MetadataValue.md(
            f"![score over time](data:image/png;base64,{base64.b64encode(trend_png(mine)).decode()})"
        )
        for scope in dict.fromkeys(point.scope for point in points)
        if len(mine := [point for point in points if point.scope == scope]) > 1
    }
    return {
        "report": dg.MetadataValue.path(str(page)),
        "workbook": dg.MetadataValue.path(str(page.with_name(WORKBOOK))),
        "bytes": page.stat().st_size,
        "seconds": round(seconds, 1),
        **pictures,
    }


def offenders(found: AuditResult) -> Shown:
    """Return what an audit found, and the SQL that shows all of it in the published file or in the draft."""
    return {
        "offenders": found.offenders,
        "the first of them": dg.MetadataValue.json(json.loads(json.dumps(found.sample, default=str))),
        "sql": dg.MetadataValue.md(f"```sql\n{found.audit.query}\n```"),
    }


def _plain(scope: str) -> str:
    """Return the name of a scope as a key may have it; where that changes it, with a hash that tells it apart."""
    plain = _TAG.sub("_", scope)[:50]
    return plain if plain == scope else f"{plain}-{hashlib.sha256(scope.encode()).hexdigest()[:8]}"


def _ended(reading: ScopeResult) -> str:
    if reading.snapshot is None:
        return "failed"
    return "complete" if reading.snapshot.complete else "incomplete"
