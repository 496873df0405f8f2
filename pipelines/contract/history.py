"""The history of the normalized tables: what follows from them, and what became of backups that vanished.

A version of a record lasts from the first complete snapshot that has it so to the first that has it otherwise, or
not at all. Those that ended stand whole in `<table>_closed`; of those that last, the tables of the newest snapshot
have the columns. `backups_open` says since when each backup is as it is; whatever stands in a backup is as old as the
backup, unless `<table>_open` says otherwise. A list that was not sent again stands in `<table>_unread` as it was last
read, and `expiry_changes` has each time that an expiry came nearer. Instants are the `as_of` of complete snapshots.
"""

from pipelines.contract.columns import Column, Table, Type
from pipelines.contract.keys import SCOPE, api
from pipelines.contract.tables import BACKUPS, CHILDREN, EXTEND_INFO, NORMALIZED, REPLICATION_RECORDS

SCHEMA = "history"
TIMESTAMP, STRING, BOOLEAN, INTEGER = Type.TIMESTAMP, Type.STRING, Type.BOOLEAN, Type.INTEGER

VALID_FROM = Column("valid_from", TIMESTAMP, "The first complete snapshot that has this version.", required=True)
VALID_TO = Column("valid_to", TIMESTAMP, "The first complete snapshot that has it no more; null while it lasts.")
FIRST_SEEN = Column(
    "first_seen", TIMESTAMP, "The first complete snapshot that has the record, since it was last away.", required=True
)
LAST_SEEN = Column("last_seen", TIMESTAMP, "The last complete snapshot that has this version.", required=True)
VERSION = (VALID_FROM, VALID_TO, FIRST_SEEN, LAST_SEEN)


WAS = (
    Column(
        "was_usable", BOOLEAN, "A complete snapshot, this or an earlier one, has it in a state to be restored from."
    ),
    Column("was_failed", BOOLEAN, "A complete snapshot, this or an earlier one, has it as failed."),
    Column(
        "dependable_until",
        TIMESTAMP,
        "When it expired, or the first complete snapshot in which it can't be restored from; null while it can.",
    ),
)
_SINCE = (
    Column(
        "state_since", TIMESTAMP, "The first complete snapshot since which it has been in its state without a break."
    ),
    Column("was_manual", BOOLEAN, "A complete snapshot, this or an earlier one, has it as made by hand."),
    Column("latest_expiry", TIMESTAMP, "The latest expiry that a complete snapshot has of it as usable."),
    Column(
        "was_endless", BOOLEAN, "A complete snapshot, this or an earlier one, has it as usable and without an expiry."
    ),
)


def key_of(table: Table) -> tuple[str, ...]:
    """Return the key of a record of `table` over time."""
    return tuple(name for name in table.key if name != "snapshot_id")


def backup_of(table: Table) -> str:
    """Return the column of `table` that names the top-level backup that a record stands in."""
    names = [column.name for column in table.columns]
    return next(name for name in ("top_backup_id", "backup_id", "id") if name in names)


def _closed(table: Table) -> Table:
    doc = f"One row a version of a row of {table.relation} that lasts no more; snapshot_id is the last that had it."
    return Table(SCHEMA, f"{table.name}_closed", doc, (*key_of(table), "valid_from"), (*table.columns, *VERSION))


def _open(table: Table) -> Table:
    own = [column for column in table.columns if column.name in key_of(table)]
    more = (*WAS, *_SINCE) if table is BACKUPS else ()
    doc = f"One row a row of {table.relation}: since when it has been as it is."
    if table is not BACKUPS:
        doc = f"One row a row of {table.relation} that came or changed after its backup was first seen: since when."
    return Table(SCHEMA, f"{table.name}_open", doc, key_of(table), (*own, VALID_FROM, FIRST_SEEN, *more))


def _unread(table: Table, flag: str) -> Table:
    doc = f"One row a row of {table.relation} as it was last read, of backups whose {flag} is false now."
    return Table(SCHEMA, f"{table.name}_unread", doc, key_of(table), table.columns)


CLOSED_VERSIONS = {table.name: _closed(table) for table in NORMALIZED}
OPEN_VERSIONS = {table.name: _open(table) for table in NORMALIZED}
# What stands in a backup and is known only where a list was sent: which column of cbr.backups tells.
LOADED_FLAGS = {CHILDREN.name: "detail_loaded", REPLICATION_RECORDS.name: "replication_loaded"}
UNREAD = {
    table.name: _unread(table, LOADED_FLAGS.get(table.name, "detail_loaded"))
    for table in (CHILDREN, EXTEND_INFO, REPLICATION_RECORDS)
}

CLASSES = (
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
_KEPT = (
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
    "One row a time that a top-level backup of a complete snapshot is not in the next: as it was last seen, and why.",
    ("scope", "id", "gone_at"),
    (
        SCOPE,
        api("id", STRING, "Id of the backup.", required=True),
        *(column for column in BACKUPS.columns if column.name in _KEPT),
        Column("is_auto", BOOLEAN, "Made by a policy; by its flag, else by its name, else null."),
        *WAS,
        FIRST_SEEN,
        Column("last_seen", TIMESTAMP, "The last complete snapshot that has it.", required=True),
        Column("gone_at", TIMESTAMP, "The first complete snapshot that has it no more.", required=True),
        Column(
            "disappearance",
            STRING,
            "What became of it: the first of these that fits.",
            required=True,
            known=CLASSES,
        ),
        Column("verdict", STRING, "What that means.", required=True, known=("ok", "fail", "unknown")),
        Column("days_early", Type.DOUBLE, "From its absence to its expiry, where it went before.", unit="days"),
        Column("vault_points_before", INTEGER, "Backups of its vault in the last snapshot that has it."),
        Column("vault_points_after", INTEGER, "Backups of its vault in the first that has it no more."),
        Column(
            "vault_failed_with_it", INTEGER, "Backups of its vault that went in the same interval with verdict fail."
        ),
    ),
)

EXPIRY_CHANGES = Table(
    SCHEMA,
    "expiry_changes",
    "One row a time that the expiry of a top-level backup came nearer than a complete snapshot before had it.",
    ("scope", "id", "changed_at"),
    (
        SCOPE,
        api("id", STRING, "Id of the backup.", required=True),
        *(column for column in BACKUPS.columns if column.name in ("resource_id", "image_type")),
        Column("changed_at", TIMESTAMP, "The first complete snapshot that has the nearer expiry.", required=True),
        Column("seen_at", TIMESTAMP, "The complete snapshot before.", required=True),
        Column("old_value", TIMESTAMP, "The latest expiry that it ever had; null where it once had none."),
        Column("new_value", TIMESTAMP, "Its expiry since.", required=True),
    ),
)

DEPTHS = Table(
    SCHEMA,
    "depths",
    "One row a resource: how many automatic points without an expiry the newest three snapshots have.",
    ("scope", "resource_id", "image_type"),
    (
        SCOPE,
        *(column for column in BACKUPS.columns if column.name in ("resource_id", "image_type")),
        Column("depth", INTEGER, "In the newest complete snapshot, those that are going among them.", required=True),
        Column("depth_before", INTEGER, "In the one before."),
        Column("depth_before_that", INTEGER, "In the one before that."),
    ),
)

DRIFT_SEEN = Table(
    SCHEMA,
    "drift",
    "One row a way in which bodies ever differed from the contract.",
    ("scope", "table_name", "path", "kind", "found"),
    (
        SCOPE,
        Column("table_name", STRING, "The table concerned.", required=True),
        Column("path", STRING, "The key, below the object that a row stands for.", required=True),
        Column("kind", STRING, "What was done: coerced, refused or unknown, as in meta.drift.", required=True),
        Column("found", STRING, "The JSON type that was sent.", required=True),
        Column("first_seen", TIMESTAMP, "The first complete snapshot that has it.", required=True),
        Column("last_seen", TIMESTAMP, "The last complete snapshot that has it.", required=True),
    ),
)

# Rewritten by each fold, as large as a snapshot; and grown by what each fold adds.
STATE = (*OPEN_VERSIONS.values(), *UNREAD.values(), DEPTHS, DRIFT_SEEN)
GROWN = (*CLOSED_VERSIONS.values(), DISAPPEARANCES, EXPIRY_CHANGES)
HISTORY = (*STATE, *GROWN)
