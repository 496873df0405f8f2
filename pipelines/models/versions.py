"""The views of the history: closed versions of each normalized table together with the current ones.

They are generated because their columns are the contract's: a new column is one line there. The other models of schema
history are files.
"""

from dataclasses import replace

from pipelines.contract.columns import Table
from pipelines.contract.history import (
    CLOSED_VERSIONS,
    OPEN_VERSIONS,
    SCHEMA,
    VERSION_COLUMNS,
    record_key,
    top_backup_column,
)
from pipelines.contract.input_history import CLOSED, OPEN, VERSIONED
from pipelines.contract.tables import BACKUPS, NORMALIZED
from pipelines.models.model import Model, ModelColumn, parse_model


def version_models() -> list[Model]:
    """Return the view of each table, with one row per version of a record."""
    return [*map(_view, NORMALIZED), *map(_input_view, VERSIONED)]


def _view(table: Table) -> Model:
    columns = [column.name for column in table.columns]
    own, lasting = ", ".join(columns), ", ".join(f"present.{name}" for name in columns)
    version = ", ".join(column.name for column in VERSION_COLUMNS)
    on = " AND ".join(f"present.{name} = known.{name}" for name in record_key(table))
    valid_from, first_seen, join = "known.valid_from", "known.first_seen", "INNER JOIN"
    if table is not BACKUPS:
        # As old as its backup, but for exceptions.
        valid_from, first_seen = (
            f"coalesce(known.{name}, backup.first_seen) AS {name}" for name in ("valid_from", "first_seen")
        )
        backup = f"present.scope = backup.scope AND present.{top_backup_column(table)} = backup.id"
        join = f"INNER JOIN {OPEN_VERSIONS[BACKUPS.name].relation} AS backup ON {backup}\n    LEFT JOIN"
    sql = f"""-- One row per version of a row of {table.relation}: what it was, and from when to when.
-- kind: view
WITH versions AS (
    SELECT {own}, {version} FROM {CLOSED_VERSIONS[table.name].relation}
    UNION ALL
    SELECT {lasting}, {valid_from}, CAST(NULL AS TIMESTAMP) AS valid_to, {first_seen}, snapshots.as_of AS last_seen
    FROM {table.relation} AS present
    {join} {OPEN_VERSIONS[table.name].relation} AS known ON {on}
    INNER JOIN meta.snapshots AS snapshots
        ON present.scope = snapshots.scope AND present.snapshot_id = snapshots.snapshot_id
)
SELECT {own}, {version} FROM versions"""
    described = {c.name: ModelColumn(c.name, c.type.sql, c.comment) for c in CLOSED_VERSIONS[table.name].columns}
    return replace(parse_model(SCHEMA, table.name, sql), own=described)


def _input_view(table: Table) -> Model:
    columns = [column.name for column in table.columns]
    own, lasting = ", ".join(columns), ", ".join(f"present.{name}" for name in columns)
    version = ", ".join(column.name for column in VERSION_COLUMNS)
    on = " AND ".join(f"present.{name} = known.{name}" for name in record_key(table))
    closed = CLOSED[table.name]
    sql = f"""-- One row per version of a row of {table.relation}: what it was, and from when to when.
-- kind: view
WITH versions AS (
    SELECT {own}, {version} FROM {closed.relation}
    UNION ALL
    SELECT {lasting}, known.valid_from, CAST(NULL AS TIMESTAMP) AS valid_to, known.first_seen, known.last_seen
    FROM {table.relation} AS present
    INNER JOIN {OPEN[table.name].relation} AS known ON {on}
)
SELECT {own}, {version} FROM versions"""
    described = {c.name: ModelColumn(c.name, c.type.sql, c.comment) for c in closed.columns}
    return replace(parse_model(SCHEMA, table.name, sql), own=described)
