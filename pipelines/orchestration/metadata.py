"""The metadata of materializations and checks: row counts, sizes, scores, and the rows that fail an audit.

Names come from the cloud and may contain anything, so they are escaped where Dagster expects Markdown or a tag.
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
from pipelines.extract.scope_result import ScopeResult
from pipelines.flow.build import WarehouseDraft
from pipelines.models.audit import AuditResult
from pipelines.reports.preview import markdown_table, read_preview
from pipelines.reports.scores import read_trend
from pipelines.storage.connection import read_published
from pipelines.storage.home import Home
from pipelines.tables.manifest import TableManifest

Metadata = dict[str, Any]
_NOT_IN_TAGS = re.compile(r"[^\w.-]", re.ASCII)
_SCOPE_HEADER = (
    *("scope", "reading", "snapshot", "listed", "shown", "reused", "vanished", "requests", "seconds"),
    "reason",
)


def scope_tags(results: Iterable[ScopeResult]) -> dict[str, str]:
    """Return a run tag for each scope, so that runs can be found by how its reading ended."""
    return {f"scope/{_tag_name(result.scope)}": _outcome(result) for result in results}


def landing_metadata(home: Home, results: list[ScopeResult]) -> Metadata:
    """Return the effort of reading all clouds, and how each reading ended."""
    snapshots = [result.snapshot for result in results if result.snapshot]
    parts = [
        home.landed(snapshot.scope, snapshot.snapshot_id) / name for snapshot in snapshots for name in snapshot.parts
    ]
    return {
        "dagster/row_count": sum(snapshot.listed for snapshot in snapshots),
        "bytes": sum(path.stat().st_size for path in parts),
        "seconds": round(max((snapshot.seconds for snapshot in snapshots), default=0.0), 1),
        "requests": sum(snapshot.requests for snapshot in snapshots),
        "retries": sum(snapshot.retries for snapshot in snapshots),
        "incomplete scopes": sum(_outcome(result) in ("failed", "incomplete") for result in results),
        "scopes": dg.MetadataValue.md(markdown_table(_SCOPE_HEADER, [_scope_row(result) for result in results])),
    }


def _scope_row(result: ScopeResult) -> list[Any]:
    snapshot = result.snapshot
    if snapshot is None:
        return [result.scope, _outcome(result), *[""] * 7, result.problem or ""]
    return [
        result.scope,
        _outcome(result),
        snapshot.snapshot_id,
        snapshot.listed,
        snapshot.shown,
        snapshot.reused,
        len(snapshot.vanished),
        snapshot.requests,
        f"{snapshot.seconds:.1f}",
        result.problem or snapshot.incomplete_reason or "",
    ]


def table_metadata(home: Home, names: Iterable[str], manifests: list[TableManifest]) -> dict[str, Metadata]:
    """Return for each Parquet table its rows, size, rejected records, drift and files."""
    drift_paths = [path for manifest in manifests for path in manifest.paths(home, DRIFT.name)]
    drift = Counter(name for path in drift_paths for name in pq.read_table(path)["table_name"].to_pylist())
    metadata = {}
    for name in names:
        paths = [path for manifest in manifests for path in manifest.paths(home, name)]
        metadata[name] = {
            "dagster/row_count": sum(manifest.rows.get(name, 0) for manifest in manifests),
            "bytes": sum(path.stat().st_size for path in paths),
            "rejects": sum(manifest.rejects.get(name, 0) for manifest in manifests),
            "files": "\n".join(map(str, paths)),
            "drift": drift[name],
        }
    return metadata


def relation_metadata(home: Home, draft: WarehouseDraft, names: Iterable[str]) -> Metadata:
    """Return the rows of relations in DuckDB, and the path of the file. Views have no row count."""
    rows = [draft.rows[name] for name in names if name in draft.rows]
    row_count = {"dagster/row_count": sum(rows)} if rows else {}
    return {**row_count, "file": dg.MetadataValue.path(str(home.warehouse))}


def summary_metadata(home: Home) -> Metadata:
    """Return the compliance summary as a table and as numbers, which Dagster plots over time."""
    preview = read_preview(home.warehouse)
    numbers = {
        f"{_tag_name(score.scope)} {name.replace('_', ' ')}": float(value)
        for score in preview.scores
        for name in ("strict_score", "score", "fails", "unknowns", "critical")
        if (value := getattr(score, name)) is not None
    }
    return {"answer": dg.MetadataValue.md(preview.markdown), "bytes": home.warehouse.stat().st_size, **numbers}


def report_metadata(page: Path, seconds: float) -> Metadata:
    """Return the paths of the page and the workbook, and how long they took to write."""
    from pipelines.reports.report import WORKBOOK

    return {
        "report": dg.MetadataValue.path(str(page)),
        "workbook": dg.MetadataValue.path(str(page.with_name(WORKBOOK))),
        "bytes": page.stat().st_size,
        "seconds": round(seconds, 1),
    }


def trend_metadata(home: Home) -> Metadata:
    """Return a chart of the score over time for each scope with at least two snapshots."""
    from pipelines.reports.charts import trend_png

    with read_published(home.warehouse) as connection:
        points = read_trend(connection)
    charts = {}
    for scope in dict.fromkeys(point.scope for point in points):
        scope_points = [point for point in points if point.scope == scope]
        if len(scope_points) > 1:
            picture = base64.b64encode(trend_png(scope_points)).decode()
            markdown = f"![score over time](data:image/png;base64,{picture})"
            charts[f"score of {_tag_name(scope)}"] = dg.MetadataValue.md(markdown)
    return charts


def audit_metadata(result: AuditResult) -> Metadata:
    """Return the rows that fail an audit, and the SQL that finds all of them in the published file or the draft."""
    return {
        "offenders": result.offenders,
        "sample": dg.MetadataValue.json(json.loads(json.dumps(result.sample, default=str))),
        "sql": dg.MetadataValue.md(f"```sql\n{result.audit.query}\n```"),
    }


def _tag_name(scope: str) -> str:
    """Return the name of a scope as a key may contain it, with a hash where it had to be changed."""
    name = _NOT_IN_TAGS.sub("_", scope)[:50]
    return name if name == scope else f"{name}-{hashlib.sha256(scope.encode()).hexdigest()[:8]}"


def _outcome(result: ScopeResult) -> str:
    if result.snapshot is None:
        return "failed" if result.is_granted else "not_granted"
    return "complete" if result.snapshot.complete else "incomplete"
