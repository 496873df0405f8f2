"""Folding the inputs of a snapshot into the history of its scope: versions of records, and what logs have new.

It runs in the database of a fold. An input whose reading was refused or failed keeps its files.
"""

from collections.abc import Callable
from datetime import datetime

import duckdb

from pipelines.contract.columns import Table, Type
from pipelines.contract.derive import quoted
from pipelines.contract.history import record_key
from pipelines.contract.input_history import CLOSED, CURRENT, READ
from pipelines.contract.input_readings import INPUT_READINGS
from pipelines.contract.inputs import GRANTED, INPUTS
from pipelines.history.manifest import HistoryState
from pipelines.landing.manifest import InputReading, Snapshot
from pipelines.storage.home import Home
from pipelines.storage.parquet import select_rows
from pipelines.tables.manifest import TableManifest

WriteTable = Callable[[Table, str], list[str]]


def fold_inputs(
    home: Home,
    connection: duckdb.DuckDBPyConnection,
    state: HistoryState,
    snapshot: Snapshot,
    tables: TableManifest,
    write_table: WriteTable,
) -> dict[str, list[str]]:
    """Return the files of each table of the history that this snapshot changes."""
    files: dict[str, list[str]] = {}

    def append(table: Table, select: str) -> None:
        files[table.name] = [*state.files.get(table.name, []), *write_table(table, select)]

    for source in INPUTS:
        reading = next((reading for reading in snapshot.inputs if reading.name == source.name), None)
        if reading is None or reading.status != GRANTED:
            continue
        for table in source.tables:
            now = select_rows(table, tables.paths(home, table.name))
            if source.kept:
                known = select_rows(READ[table.name], state.paths(home, READ[table.name].name))
                append(READ[table.name], _news(table, now, known))
                continue
            current, closed = CURRENT[table.name], CLOSED[table.name]
            was = select_rows(current, state.paths(home, current.name))
            connection.execute(f"CREATE TABLE fold.compared_{table.name} AS {_compared(table, was, now)}")
            append(closed, _ended(table, was, reading, snapshot.as_of))
            files[current.name] = write_table(current, _lasting(table, was, now, reading, snapshot.as_of))
    if snapshot.inputs:
        append(INPUT_READINGS, " UNION ALL ".join(_reading_row(snapshot, reading) for reading in snapshot.inputs))
    return files


def _compared(table: Table, was: str, now: str) -> str:
    key, content = ", ".join(record_key(table)), _content(table)
    return f"""
    WITH earlier AS (SELECT {key}, hash({content}) AS content, valid_from, first_seen FROM {was} AS was),
        later AS (SELECT {key}, hash({content}) AS content FROM {now} AS now)
    SELECT {key}, earlier.content IS NOT NULL AS was_present, later.content IS NOT NULL AS is_present,
        earlier.content IS NOT DISTINCT FROM later.content AS is_same, valid_from, first_seen
    FROM earlier FULL OUTER JOIN later USING ({key})"""


def _ended(table: Table, was: str, reading: InputReading, as_of: datetime) -> str:
    """Return the versions that end: of records that changed, and of those that are gone for certain."""
    ended = "compared.is_present AND NOT compared.is_same"
    if reading.complete:
        ended = "NOT compared.is_same"
    return f"""
    SELECT was.*, {_timestamp(as_of)} AS valid_to
    FROM {was} AS was INNER JOIN fold.compared_{table.name} AS compared USING ({", ".join(record_key(table))})
    WHERE compared.was_present AND {ended}"""


def _lasting(table: Table, was: str, now: str, reading: InputReading, as_of: datetime) -> str:
    """Return the newest version of each record, with those that an incomplete reading does not have."""
    key = ", ".join(record_key(table))
    time = _timestamp(as_of)
    select = f"""
    SELECT now.*, CASE WHEN compared.is_same THEN compared.valid_from ELSE {time} END AS valid_from,
        coalesce(compared.first_seen, {time}) AS first_seen, {time} AS last_seen
    FROM {now} AS now INNER JOIN fold.compared_{table.name} AS compared USING ({key})"""
    if reading.complete:
        return select
    return f"""{select}
    UNION ALL BY NAME
    SELECT was.* FROM {was} AS was INNER JOIN fold.compared_{table.name} AS compared USING ({key})
    WHERE NOT compared.is_present"""


def _news(table: Table, now: str, known: str) -> str:
    """Return the records of a log that are new, or not as they were."""
    key, content = ", ".join(record_key(table)), _content(table)
    return f"""
    SELECT now.* FROM {now} AS now
    ANTI JOIN (SELECT {key}, hash({content}) AS content FROM {known} AS known) AS known
        ON hash({_content(table, "now")}) = known.content
        AND {" AND ".join(f"now.{name} = known.{name}" for name in record_key(table))}"""


def _content(table: Table, source: str = "") -> str:
    """Return what a record of `table` consists of, besides its key and when it was read."""
    prefix = f"{source}." if source else ""
    columns = [c for c in table.columns if c.name not in (*record_key(table), "snapshot_id")]
    return ", ".join(
        f"{prefix}{c.name}, {prefix}{c.name} IS NULL" if c.type is Type.STRINGS else f"{prefix}{c.name}"
        for c in columns
    )


def _reading_row(snapshot: Snapshot, reading: InputReading) -> str:
    values = {
        "scope": quoted(snapshot.scope),
        "input": quoted(reading.name),
        "snapshot_id": quoted(snapshot.snapshot_id),
        "as_of": _timestamp(snapshot.as_of),
        "status": quoted(reading.status),
        "complete": str(reading.complete),
        "problem": "NULL" if reading.problem is None else quoted(reading.problem),
        "records": str(reading.records),
        "read_from": _timestamp(reading.read_from),
        "read_until": _timestamp(reading.read_until),
    }
    return "SELECT " + ", ".join(f"{value} AS {name}" for name, value in values.items())


def _timestamp(moment: datetime | None) -> str:
    return "CAST(NULL AS TIMESTAMP)" if moment is None else f"TIMESTAMP '{moment.isoformat(sep=' ')}'"
