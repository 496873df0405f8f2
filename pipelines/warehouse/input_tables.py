"""Filling the tables of the inputs beside the backups: the service's with their history, and the user's files."""

from pathlib import Path

import duckdb
import pyarrow as pa

from pipelines.contract.columns import Table
from pipelines.contract.derive import arrow_schema
from pipelines.contract.history import record_key
from pipelines.contract.input_files import FILE_INPUTS, INPUT_FILES
from pipelines.contract.input_history import CLOSED, CURRENT, LOGS, OPEN, READ, VERSIONED
from pipelines.contract.input_readings import INPUT_GAPS, INPUT_READINGS, INPUT_STATUS
from pipelines.contract.inputs import INPUTS
from pipelines.history.manifest import HistoryState
from pipelines.models.files import read_query
from pipelines.storage.home import Home
from pipelines.storage.parquet import select_rows
from pipelines.warehouse.file import fill_table
from pipelines.warehouse.input_files import InputFile


def fill_inputs(connection: duckdb.DuckDBPyConnection, home: Home, histories: list[HistoryState]) -> dict[str, int]:
    """Fill every table of the inputs; return the rows by relation."""
    rows: dict[str, int] = {}

    def stored(table: Table) -> list[Path]:
        return [path for state in histories for path in state.paths(home, table.name)]

    def fill(table: Table, source: str | list[Path]) -> None:
        rows[table.relation] = fill_table(connection, table, source)

    for table in VERSIONED:
        fill(table, stored(CURRENT[table.name]))
        fill(OPEN[table.name], stored(CURRENT[table.name]))
        fill(CLOSED[table.name], stored(CLOSED[table.name]))
    for table in LOGS:
        states = READ[table.name]
        paths = stored(states)
        fill(table, _latest(table, select_rows(states, paths)) if paths else [])
    fill(INPUT_READINGS, stored(INPUT_READINGS))
    definitions = [
        {"input": source.name, "call": source.call, "permission": source.permission, "purpose": source.purpose}
        for source in INPUTS
    ]
    connection.register("input_definitions", pa.Table.from_pylist(definitions))
    fill(INPUT_STATUS, f"(\n{read_query('warehouse/inputs')}\n)")
    connection.unregister("input_definitions")
    fill(INPUT_GAPS, f"(\n{read_query('warehouse/input_gaps')}\n)")
    return rows


def fill_input_files(connection: duckdb.DuckDBPyConnection, files: tuple[InputFile, ...]) -> dict[str, int]:
    """Fill the tables of the user's files, those of files that are not there without rows; return the rows."""
    file_rows = {file.source.name: file.rows for file in files}
    descriptions = [
        {
            "name": file.source.name,
            "path": file.path,
            "sha256": file.sha256,
            "modified_at": file.modified_at,
            "row_count": file.rows.num_rows,
        }
        for file in files
    ]
    tables = {source.table: file_rows.get(source.name) for source in FILE_INPUTS}
    tables[INPUT_FILES] = pa.Table.from_pylist(descriptions, arrow_schema(INPUT_FILES))
    return {
        table.relation: fill_table(connection, table, arrow_schema(table).empty_table() if rows is None else rows)
        for table, rows in tables.items()
    }


def _latest(table: Table, states: str) -> str:
    """Return the latest state of each record of a log."""
    key = ", ".join(record_key(table))
    return f"""(
    SELECT * FROM (
        SELECT *, row_number() OVER (PARTITION BY {key} ORDER BY snapshot_id DESC) AS state_rank FROM {states} AS states
    ) AS ranked WHERE state_rank = 1)"""
