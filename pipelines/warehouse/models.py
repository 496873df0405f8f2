"""Models -> relations in a draft.

A connection to the draft enters, with the sources in it; the models leave as tables and views in it. Does not belong
here: saying what they mean (describe.py).
"""

import duckdb

from pipelines.contract.derive import identifier
from pipelines.models.model import Model, ModelColumn, ModelError
from pipelines.models.project import Project

_BIG = 500_000  # rows of a table that goes to the disk at once: waiting in memory, it would be written twice


def build_models(connection: duckdb.DuckDBPyConnection, project: Project) -> dict[str, int]:
    """Build every model; return the rows of each table. Each column gets the type that the model declares."""
    for schema in dict.fromkeys(model.schema for model in project.models):
        connection.execute(f"CREATE SCHEMA IF NOT EXISTS {identifier(schema)}")
    rows: dict[str, int] = {}
    for model in project.models:
        select = typed_select(model, project.columns[model.relation])
        made = connection.execute(
            _one_create(connection, model, f"CREATE {model.kind} {identifier(model.relation)} AS {select}")
        ).fetchall()
        if model.kind == "TABLE":
            rows[model.relation] = int(made[0][0])
            if rows[model.relation] >= _BIG:
                connection.execute("CHECKPOINT")
    return rows


def typed_select(model: Model, columns: tuple[ModelColumn, ...]) -> str:
    """Return the SELECT of a model with each column cast to its declared type."""
    names = [(identifier(column.name), column.type) for column in columns]
    casts = ", ".join(f"CAST({name} AS {type_}) AS {name}" for name, type_ in names)
    return f"SELECT {casts} FROM (\n{model.sql}\n) AS model"


def _one_create(connection: duckdb.DuckDBPyConnection, model: Model, sql: str) -> duckdb.Statement:
    """Return the one statement that `sql` is for DuckDB, which may read it otherwise than the parser of models does."""
    statements = connection.extract_statements(sql)
    if [statement.type for statement in statements] != [duckdb.StatementType.CREATE]:
        raise ModelError(f"{model.relation} is more than one SELECT")
    return statements[0]
