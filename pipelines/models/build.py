"""Models -> relations in a draft.

A connection to the draft enters, with the sources in it; the models leave as tables and views in it. Does not belong
here: saying what they mean (describe.py).
"""

import duckdb

from pipelines.models.model import Model, ModelColumn
from pipelines.models.project import Project

_BIG = 500_000  # rows of a table that goes to the disk at once: waiting in memory, it would be written twice


def build_models(connection: duckdb.DuckDBPyConnection, project: Project) -> dict[str, int]:
    """Build every model; return the rows of each table. Each column gets the type that the model declares."""
    for schema in dict.fromkeys(model.schema for model in project.models):
        connection.execute(f"CREATE SCHEMA IF NOT EXISTS {schema}")
    rows: dict[str, int] = {}
    for model in project.models:
        select = typed(model, project.columns[model.relation])
        made = connection.execute(f"CREATE {model.kind} {model.relation} AS {select}").fetchall()
        if model.kind == "TABLE":
            rows[model.relation] = int(made[0][0])
            if rows[model.relation] >= _BIG:
                connection.execute("CHECKPOINT")
    return rows


def typed(model: Model, columns: tuple[ModelColumn, ...]) -> str:
    """Return the SELECT of a model with each column cast to its declared type."""
    casts = ", ".join(f"CAST({column.name} AS {column.type}) AS {column.name}" for column in columns)
    return f"SELECT {casts} FROM (\n{model.sql}\n) AS model"
