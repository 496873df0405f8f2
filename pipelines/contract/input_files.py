"""The files that a user may put into the home: inventory, restore tests and audit events kept elsewhere.

A file has the columns of its table, except `line`, which is where a row stands in the file. How the service's own
inputs look is in inputs.py.
"""

from dataclasses import dataclass, replace

from pipelines.contract.audit_events import AUDIT_EVENTS
from pipelines.contract.backups import RESOURCE_TYPES
from pipelines.contract.columns import Column, Table, Type
from pipelines.contract.keys import SCOPE

STRING, INTEGER, TIMESTAMP = Type.STRING, Type.INTEGER, Type.TIMESTAMP
FORMATS = ("csv", "parquet")
_LINE = Column("line", INTEGER, "Line of the CSV file, or row of the Parquet file, from 1.", required=True)
_REQUIRED_OF_EVENTS = ("trace_id", "trace_name", "time")


def _event_column(column: Column) -> Column:
    """Return a column of the audit trail as a file has it: times in ISO 8601, and values of any service."""
    kind = TIMESTAMP if column.type is Type.MILLISECONDS else column.type
    return replace(column, type=kind, path=(), known_values=(), required=column.name in _REQUIRED_OF_EVENTS)


INVENTORY = Table(
    "cbr",
    "inventory",
    "One row per resource of the user's inventory, backed up or not.",
    ("scope", "resource_id"),
    (
        SCOPE,
        Column("resource_id", STRING, "ID of the resource.", required=True),
        Column("name", STRING, "Name of the resource."),
        Column("type", STRING, "Type of the resource, as the service names it.", known_values=RESOURCE_TYPES),
        Column("created_at", TIMESTAMP, "When the resource was created."),
        Column("enterprise_project_id", STRING, "ID of the enterprise project of the resource."),
        Column("owner", STRING, "Who is responsible for the resource."),
        _LINE,
    ),
)

RESTORE_TESTS = Table(
    "cbr",
    "restore_tests",
    "One row per restore that the user tested, of a resource, a backup, or both.",
    ("line",),
    (
        SCOPE,
        Column("resource_id", STRING, "ID of the resource that was restored."),
        Column("backup_id", STRING, "ID of the backup that it was restored from."),
        Column("tested_at", TIMESTAMP, "When the restore ended.", required=True),
        Column("result", STRING, "How it ended.", required=True, known_values=("success", "failed")),
        Column("minutes", INTEGER, "How long it took.", unit="min"),
        Column("tested_by", STRING, "Who tested it."),
        _LINE,
    ),
)

RECORDED_EVENTS = Table(
    "cbr",
    "recorded_events",
    "One row per event of an audit trail that the user keeps. cbr.audit_events may have the same event.",
    ("scope", "trace_id"),
    (
        SCOPE,
        *(
            _event_column(column)
            for column in AUDIT_EVENTS.columns
            if column.name not in ("scope", "snapshot_id", "user", "extra")
        ),
        _LINE,
    ),
)


@dataclass(frozen=True, slots=True)
class FileInput:
    """An input that is a file. Its name is the file's, without .csv or .parquet."""

    name: str
    table: Table
    any_of: tuple[str, ...] = ()  # columns of which each row needs at least one

    @property
    def columns(self) -> tuple[Column, ...]:
        """The columns that a file may have. Only the scope is optional although its column is never null."""
        return tuple(column for column in self.table.columns if column is not _LINE)


FILE_INPUTS = (
    FileInput("inventory", INVENTORY),
    FileInput("restore_tests", RESTORE_TESTS, ("resource_id", "backup_id")),
    FileInput("audit_events", RECORDED_EVENTS),
)

INPUT_FILES = Table(
    "meta",
    "input_files",
    "One row per file of the user that is there.",
    ("name",),
    (
        Column(
            "name",
            STRING,
            "Name of the input.",
            required=True,
            known_values=tuple(source.name for source in FILE_INPUTS),
        ),
        Column("path", STRING, "Path of the file below the home.", required=True),
        Column("sha256", STRING, "SHA-256 of the file.", required=True),
        Column("modified_at", TIMESTAMP, "When the file was last modified, which decides its age.", required=True),
        Column("row_count", INTEGER, "Number of rows.", required=True),
    ),
)
FILE_TABLES = (*(source.table for source in FILE_INPUTS), INPUT_FILES)
