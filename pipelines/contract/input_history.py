"""History of the inputs beside the backups: versions of vaults, policies and resources, and logs that only grow.

In the store, `<table>_current` has the newest version of each record, `<table>_closed` the earlier ones, `<table>_read`
each state of a record of a log. A reading that was refused, failed or is not proven complete ends no version.
"""

from pipelines.contract.columns import Table
from pipelines.contract.history import FIRST_SEEN, LAST_SEEN, SCHEMA, VALID_FROM, VALID_TO, record_key
from pipelines.contract.input_readings import INPUT_READINGS
from pipelines.contract.inputs import INPUTS

VERSIONED = tuple(table for source in INPUTS if not source.kept for table in source.tables)
LOGS = tuple(table for source in INPUTS if source.kept for table in source.tables)


def _current(table: Table) -> Table:
    doc = f"One row per record of {table.relation}, as last read."
    return Table(
        SCHEMA,
        f"{table.name}_current",
        doc,
        record_key(table),
        (*table.columns, VALID_FROM, FIRST_SEEN, LAST_SEEN),
    )


def _open(table: Table) -> Table:
    own = [column for column in table.columns if column.name in record_key(table)]
    doc = f"One row per row of {table.relation}: when its current version began, and when it was last read."
    return Table(SCHEMA, f"{table.name}_open", doc, record_key(table), (*own, VALID_FROM, FIRST_SEEN, LAST_SEEN))


def _closed(table: Table) -> Table:
    doc = f"One row per earlier version of a record of {table.relation}."
    columns = (*table.columns, VALID_FROM, FIRST_SEEN, LAST_SEEN, VALID_TO)
    return Table(SCHEMA, f"{table.name}_closed", doc, (*record_key(table), "valid_from"), columns)


def _read(table: Table) -> Table:
    doc = f"One row per state of a record of {table.relation}."
    return Table(SCHEMA, f"{table.name}_read", doc, table.key, table.columns)


CURRENT = {table.name: _current(table) for table in VERSIONED}
OPEN = {table.name: _open(table) for table in VERSIONED}  # in the warehouse, beside the table itself
CLOSED = {table.name: _closed(table) for table in VERSIONED}
READ = {table.name: _read(table) for table in LOGS}

APPENDED = (*CLOSED.values(), *READ.values(), INPUT_READINGS)
# The tables of the warehouse that these stores fill.
INPUT_HISTORY = (*OPEN.values(), *CLOSED.values(), INPUT_READINGS)
