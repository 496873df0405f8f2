"""Columns that several tables share, and a shorthand for columns that the API sends under the same name."""

from pipelines.contract.columns import Column, Type

STRING = Type.STRING


def api(name: str, kind: Type, doc: str, zh: str = "", **options: object) -> Column:
    """Return a column that an API record carries under the column's own name."""
    return Column(name, kind, doc, path=(name,), zh=zh, **options)  # type: ignore[arg-type]


SCOPE = Column(
    "scope", STRING, "Account, region and project that was read, by its name in the configuration.", required=True
)
SNAPSHOT = Column(
    "snapshot_id",
    STRING,
    "Snapshot of the scope: the UTC second at which reading began, for example 20261123T020000Z.",
    required=True,
    references="meta.snapshots.snapshot_id",
)
READ_IN = Column("snapshot_id", STRING, "Snapshot in which the row was last read.", required=True)
AS_OF = Column("as_of", Type.TIMESTAMP, "When reading began, in UTC. Controls compare with this time.", required=True)
SEVERITIES = ("critical", "high", "medium", "low", "info")  # most severe first
SEVERITY = Column("severity", STRING, "Severity of a failure.", required=True, known_values=SEVERITIES)
TOP_BACKUP = Column("top_backup_id", STRING, "ID of the top-level backup.", required=True, references="cbr.backups.id")
EXTRA = Column(
    "extra", Type.JSON, "Keys that the contract does not define, and values of an unexpected type, as received."
)
