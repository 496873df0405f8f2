"""Comments on every relation and column of a draft, taken from contract/ and sql/."""

import duckdb

from pipelines.contract.derive import comments
from pipelines.models.control import CONTROL_REASONS, CONTROLS
from pipelines.models.project import SOURCES, Project
from pipelines.models.standards import STANDARDS

# Appended to the comment of every relation that may hold such data.
SYNTHETIC = " Holds synthetic data of the sandbox: see is_sandbox in meta.snapshots."


def comment_on_all(connection: duckdb.DuckDBPyConnection, project: Project, *, synthetic: bool) -> None:
    """Comment on every relation and column of a draft."""
    for table in SOURCES:
        plain = table.schema in ("policy", "meta") or table in (CONTROLS, CONTROL_REASONS, STANDARDS)
        doc = table.doc + (SYNTHETIC if synthetic and not plain else "")
        _comment(connection, project, table.relation, doc, "TABLE")
    for model in project.models:
        _comment(connection, project, model.relation, model.doc + (SYNTHETIC if synthetic else ""), model.kind)


def _comment(connection: duckdb.DuckDBPyConnection, project: Project, relation: str, doc: str, kind: str) -> None:
    columns = {column.name: column.doc for column in project.columns[relation]}
    connection.execute(";\n".join(comments(relation, doc, columns, kind)))
