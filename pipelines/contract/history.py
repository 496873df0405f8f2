"""History of the normalized tables: type 2 versions of every record, and the outcome of backups that disappeared.

A version lasts from the first complete snapshot that contains it to the first that differs. Closed versions are stored
in full in `<table>_closed`. Open versions are stored as start times only, because the newest snapshot has their values:
`backups_open` has one row per backup, and `<table>_open` lists the parts of a backup that are newer than the backup.
`<table>_unread` has the last known parts of backups whose lists were not received. All times are `as_of` of complete
snapshots.
"""

from pipelines.contract.columns import Column, Table, Type
from pipelines.contract.keys import SCOPE, api
from pipelines.contract.tables import BACKUPS, CHILDREN, EXTEND_INFO, NORMALIZED, REPLICATION_RECORDS

SCHEMA = "history"
TIMESTAMP, STRING, BOOLEAN, INTEGER = Type.TIMESTAMP, Type.STRING, Type.BOOLEAN, Type.INTEGER

VALID_FROM = Column("valid_from", TIMESTAMP, "First complete snapshot with this version.", required=True)
VALID_TO = Column("valid_to", TIMESTAMP, "First complete snapshot without this version. Null for the open version.")
FIRST_SEEN = Column(
    "first_seen", TIMESTAMP, "First complete snapshot with the record, since its last absence.", required=True
)
LAST_SEEN = Column("last_seen", TIMESTAMP, "Last complete snapshot with this version.", required=True)
VERSION_COLUMNS = (VALID_FROM, VALID_TO, FIRST_SEEN, LAST_SEEN)

STATE_HISTORY_COLUMNS = (
    Column("was_usable", BOOLEAN, "Whether the backup was restorable in this or an earlier complete snapshot."),
    Column("was_failed", BOOLEAN, "Whether the backup was failed in this or an earlier complete snapshot."),
    Column(
        "dependable_until",
        TIMESTAMP,
        "When the backup expired, or the first complete snapshot in which it is not restorable. Null while restorable.",
    ),
)
_OPEN_BACKUP_COLUMNS = (
    Column("state_since", TIMESTAMP, "First complete snapshot with the current state, without interruption."),
    Column("was_manual", BOOLEAN, "Whether the backup was marked as manual in this or an earlier complete snapshot."),
    Column("latest_expiry", TIMESTAMP, "Latest expiry of the backup in any complete snapshot in which it was usable."),
    Column(
        "was_endless",
        BOOLEAN,
        "Whether the backup was usable without an expiry in this or an earlier complete snapshot.",
    ),
)


def record_key(table: Table) -> tuple[str, ...]:
    """Return the key of a record of `table` across snapshots."""
    return tuple(name for name in table.key if name != "snapshot_id")


def top_backup_column(table: Table) -> str:
    """Return the name of the column of `table` that has the ID of the top-level backup."""
    names = [column.name for column in table.columns]
    return next(name for name in ("top_backup_id", "backup_id", "id") if name in names)


def _closed(table: Table) -> Table:
    doc = f"One row per closed version of a row of {table.relation}. snapshot_id is the last snapshot with it."
    return Table(
        SCHEMA, f"{table.name}_closed", doc, (*record_key(table), "valid_from"), (*table.columns, *VERSION_COLUMNS)
    )


def _open(table: Table) -> Table:
    own = [column for column in table.columns if column.name in record_key(table)]
    more = (*STATE_HISTORY_COLUMNS, *_OPEN_BACKUP_COLUMNS) if table is BACKUPS else ()
    doc = f"One row per row of {table.relation}: when its current version began."
    if table is not BACKUPS:
        doc = f"One row per row of {table.relation} that is newer than its backup: when its current version began."
    return Table(SCHEMA, f"{table.name}_open", doc, record_key(table), (*own, VALID_FROM, FIRST_SEEN, *more))


def _unread(table: Table, flag: str) -> Table:
    doc = f"One row per last known row of {table.relation}, for backups whose {flag} is now false."
    return Table(SCHEMA, f"{table.name}_unread", doc, record_key(table), table.columns)


CLOSED_VERSIONS = {table.name: _closed(table) for table in NORMALIZED}
OPEN_VERSIONS = {table.name: _open(table) for table in NORMALIZED}
# The column of cbr.backups that says whether the list behind a table was received.
LOADED_FLAGS = {CHILDREN.name: "detail_loaded", REPLICATION_RECORDS.name: "replication_loaded"}
UNREAD = {
    table.name: _unread(table, LOADED_FLAGS.get(table.name, "detail_loaded"))
    for table in (CHILDREN, EXTEND_INFO, REPLICATION_RECORDS)
}

DISAPPEARANCE_CLASSES = (
    "vault_or_project_not_seen",
    "failed_or_inflight_cleanup",
    "expiry_unreadable",
    "expired",
    "deleted_early",
    "manual_deleted",
    "rotation_faster_than_sampling",
    "rotation_may_have_begun",
    "rotated_by_count",
    "possible_gfs_thinning",
    "deleted_unexplained",
)
_LAST_KNOWN = (
    "resource_id",
    "resource_name",
    "resource_type",
    "enterprise_project_id",
    "vault_id",
    "image_type",
    "status",
    "created_at",
    "protected_at",
    "updated_at",
    "expired_at",
)

DISAPPEARANCES = Table(
    SCHEMA,
    "disappearances",
    "One row per disappearance of a top-level backup between two complete snapshots, with its last known values.",
    ("scope", "id", "gone_at"),
    (
        SCOPE,
        api("id", STRING, "ID of the backup.", required=True),
        *(column for column in BACKUPS.columns if column.name in _LAST_KNOWN),
        Column(
            "is_auto",
            BOOLEAN,
            "Whether a policy made the backup, by flag or name. Null if unknown.",
        ),
        *STATE_HISTORY_COLUMNS,
        FIRST_SEEN,
        Column("last_seen", TIMESTAMP, "Last complete snapshot with the backup.", required=True),
        Column("gone_at", TIMESTAMP, "First complete snapshot without the backup.", required=True),
        Column(
            "disappearance",
            STRING,
            "Classification of the disappearance: the first value that applies.",
            required=True,
            known_values=DISAPPEARANCE_CLASSES,
        ),
        Column(
            "verdict", STRING, "Verdict of the classification.", required=True, known_values=("ok", "fail", "unknown")
        ),
        Column(
            "days_early",
            Type.DOUBLE,
            "Time from gone_at to the expiry, if the backup disappeared before its expiry.",
            unit="days",
        ),
        Column("vault_points_before", INTEGER, "Number of backups in its vault in the last snapshot with the backup."),
        Column(
            "vault_points_after", INTEGER, "Number of backups in its vault in the first snapshot without the backup."
        ),
        Column(
            "vault_failed_with_it",
            INTEGER,
            "Number of backups of its vault that disappeared in the same interval with verdict fail.",
        ),
    ),
)

EXPIRY_CHANGES = Table(
    SCHEMA,
    "expiry_changes",
    "One row per shortening of the expiry of a top-level backup, compared with an earlier complete snapshot.",
    ("scope", "id", "changed_at"),
    (
        SCOPE,
        api("id", STRING, "ID of the backup.", required=True),
        *(column for column in BACKUPS.columns if column.name in ("resource_id", "image_type")),
        Column("changed_at", TIMESTAMP, "First complete snapshot with the earlier expiry.", required=True),
        Column("seen_at", TIMESTAMP, "Complete snapshot before changed_at.", required=True),
        Column("old_value", TIMESTAMP, "Latest expiry that the backup ever had. Null if it once had none."),
        Column("new_value", TIMESTAMP, "Expiry from changed_at on.", required=True),
    ),
)

DEPTHS = Table(
    SCHEMA,
    "depths",
    "One row per resource and image type: number of automatic backups without an expiry in the last three snapshots.",
    ("scope", "resource_id", "image_type"),
    (
        SCOPE,
        *(column for column in BACKUPS.columns if column.name in ("resource_id", "image_type")),
        Column(
            "depth",
            INTEGER,
            "Number in the newest complete snapshot, including backups that are being deleted.",
            required=True,
        ),
        Column("depth_before", INTEGER, "Number in the snapshot before."),
        Column("depth_before_that", INTEGER, "Number in the snapshot before that."),
    ),
)

DRIFT_SEEN = Table(
    SCHEMA,
    "drift",
    "One row per kind of difference between API records and the contract, ever seen.",
    ("scope", "table_name", "path", "kind", "found"),
    (
        SCOPE,
        Column("table_name", STRING, "Name of the table.", required=True),
        Column("path", STRING, "Path of the key within the record of a row.", required=True),
        Column(
            "kind", STRING, "How the value was handled: coerced, refused or unknown, as in meta.drift.", required=True
        ),
        Column("found", STRING, "JSON type that was received.", required=True),
        Column("first_seen", TIMESTAMP, "First complete snapshot with the difference.", required=True),
        Column("last_seen", TIMESTAMP, "Last complete snapshot with the difference.", required=True),
    ),
)

# A fold replaces the files of the first group and adds files to the second.
REPLACED_BY_FOLD = (*OPEN_VERSIONS.values(), *UNREAD.values(), DEPTHS, DRIFT_SEEN)
APPENDED_BY_FOLD = (*CLOSED_VERSIONS.values(), DISAPPEARANCES, EXPIRY_CHANGES)
HISTORY = (*REPLACED_BY_FOLD, *APPENDED_BY_FOLD)
