"""Models -> relations in a draft, with a comment on each relation and column.

A connection to the draft enters, with the sources in it; the models leave as tables in it.
"""

import duckdb

from pipelines.contract.derive import comments
from pipelines.duck import count
from pipelines.models.model import Model, ModelColumn
from pipelines.models.project import Project

# Said in the comment of every relation that may hold it.
SYNTHETIC = " Holds synthetic data of the sandbox: see is_sandbox in meta.snapshots."


def build_models(connection: duckdb.DuckDBPyConnection, project: Project, *, synthetic: bool) -> dict[str, int]:
    """Build every model; return the rows of each table. Each column gets the type that the model declares."""
    for schema in dict.fromkeys(model.schema for model in project.models):
        connection.execute(f"CREATE SCHEMA IF NOT EXISTS {schema}")
    rows: dict[str, int] = {}
    for model in project.models:
        columns = project.columns[model.relation]
        connection.execute(f"CREATE {model.kind} {model.relation} AS {typed(model, columns)}")
        doc = model.doc + (SYNTHETIC if synthetic else "")
        for statement in comments(model.relation, doc, {column.name: column.doc for column in columns}, model.kind):
            connection.execute(statement)
        if model.kind == "TABLE":
            rows[model.relation] = count(connection, model.relation)
    return rows


def typed(model: Model, columns: tuple[ModelColumn, ...]) -> str:
    """Return the SELECT of a model with each column cast to its declared type."""
    casts = ", ".join(f"CAST({column.name} AS {column.type}) AS {column.name}" for column in columns)
    return f"SELECT {casts} FROM (\n{model.sql}\n) AS model"
