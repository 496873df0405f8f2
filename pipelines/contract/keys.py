"""What columns of all tables share: the keys that the warehouse adds, and how a column of the API is said."""

from pipelines.contract.columns import Column, Type

STRING = Type.STRING


def api(name: str, kind: Type, doc: str, zh: str = "", **more: object) -> Column:
    """Return a column that the record carries under its own name."""
    return Column(name, kind, doc, path=(name,), zh=zh, **more)  # type: ignore[arg-type]


SCOPE = Column(
    "scope", STRING, "The account, region and project that was read, by its name in clouds.yaml.", required=True
)
SNAPSHOT = Column(
    "snapshot_id",
    STRING,
    "The snapshot of the scope: the UTC instant at which reading began, as 20261123T020000Z.",
    required=True,
    references="meta.snapshots.snapshot_id",
)
AS_OF = Column("as_of", Type.TIMESTAMP, "When reading began; every judgement compares with it.", required=True)
SEVERITIES = ("critical", "high", "medium", "low", "info")
SEVERITY = Column("severity", STRING, "How much a failure matters.", required=True, known=SEVERITIES)
TOP = Column("top_backup_id", STRING, "Id of the top-level backup.", required=True, references="cbr.backups.id")
EXTRA = Column("extra", Type.JSON, "Keys that the contract does not know, and values it could not type, as sent.")
