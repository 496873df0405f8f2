"""Running the audits of a draft before it is published."""

from collections.abc import Iterable

import duckdb

from pipelines.models.audit import Audit, AuditResult
from pipelines.storage.connection import count_rows


def run_audits(connection: duckdb.DuckDBPyConnection, asked: Iterable[Audit]) -> list[AuditResult]:
    """Ask the draft; return what was found, in the order asked."""
    return [_run(connection, audit) for audit in asked]


def _run(connection: duckdb.DuckDBPyConnection, audit: Audit) -> AuditResult:
    offenders = count_rows(connection, f"(\n{audit.query}\n) AS offenders")
    if not offenders:
        return AuditResult(audit, 0, [])
    cursor = connection.execute(f"SELECT * FROM (\n{audit.query}\n) AS offenders LIMIT 5")
    names = [column[0] for column in cursor.description or []]
    return AuditResult(audit, offenders, [dict(zip(names, row, strict=True)) for row in cursor.fetchall()])
