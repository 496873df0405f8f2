"""Building models: each SELECT of sql/ becomes a table or a view of the draft."""

import duckdb

from pipelines.contract.derive import identifier
from pipelines.models.model import Model, ModelColumn, ModelError
from pipelines.models.project import Project

_CHECKPOINT_ROWS = 500_000  # of a table that is written to disk at once: later it would be written twice


def build_models(connection: duckdb.DuckDBPyConnection, project: Project) -> dict[str, int]:
    """Build every model with the declared column types; return the rows of each table."""
    for schema in dict.fromkeys(model.schema for model in project.models):
        connection.execute(f"CREATE SCHEMA IF NOT EXISTS {identifier(schema)}")
    rows: dict[str, int] = {}
    for model in project.models:
        select = typed_select(model, project.columns[model.relation])
        created = connection.execute(
            _single_create(connection, model, f"CREATE {model.kind} {identifier(model.relation)} AS {select}")
        ).fetchall()
        if model.kind == "TABLE":
            rows[model.relation] = int(created[0][0])
            if rows[model.relation] >= _CHECKPOINT_ROWS:
                connection.execute("CHECKPOINT")
    return rows


def typed_select(model: Model, columns: tuple[ModelColumn, ...]) -> str:
    """Return the SELECT of a model with each column cast to its declared type."""
    names = [(identifier(column.name), column.type) for column in columns]
    casts = ", ".join(f"CAST({name} AS {type_}) AS {name}" for name, type_ in names)
    return f"SELECT {casts} FROM (\n{model.sql}\n) AS model"


def _single_create(connection: duckdb.DuckDBPyConnection, model: Model, sql: str) -> duckdb.Statement:
    """Return `sql` as DuckDB's one statement. DuckDB may read it differently than the parser of models."""
    statements = connection.extract_statements(sql)
    if [statement.type for statement in statements] != [duckdb.StatementType.CREATE]:
        raise ModelError(f"{model.relation} is more than one SELECT")
    return statements[0]
