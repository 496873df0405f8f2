"""Tables about the data itself: runs, scopes, snapshots, loads, rejects, drift, audits, evidence, catalog."""

from pipelines.contract.columns import Column, Table, Type
from pipelines.contract.keys import AS_OF, SCOPE, SNAPSHOT

STRING, INTEGER, BOOLEAN, TIMESTAMP = Type.STRING, Type.INTEGER, Type.BOOLEAN, Type.TIMESTAMP

SNAPSHOTS = Table(
    "meta",
    "snapshots",
    "One row per landed snapshot, complete or not.",
    ("scope", "snapshot_id"),
    (
        SCOPE,
        Column("snapshot_id", STRING, SNAPSHOT.doc, required=True),
        AS_OF,
        Column("finished_at", TIMESTAMP, "When reading ended.", required=True),
        Column(
            "complete",
            BOOLEAN,
            "Whether all backups were read. Only then does a missing backup mean that it was deleted.",
            required=True,
        ),
        Column("incomplete_reason", STRING, "Why the snapshot is incomplete."),
        Column(
            "is_current",
            BOOLEAN,
            "Whether this is the newest complete snapshot of its scope, the one in schema cbr.",
            required=True,
        ),
        Column("is_sandbox", BOOLEAN, "Whether the data is synthetic, from the sandbox.", required=True),
        Column("region", STRING, "Region that was read, by its name in clouds.yaml."),
        Column("project_id", STRING, "ID of the project that was read.", required=True),
        Column("domain_id", STRING, "ID of the account (domain) of the project. Null if no token named it."),
        Column("pages", INTEGER, "Number of list pages landed."),
        Column("looks", INTEGER, "How often the list was read until two readings agreed."),
        Column(
            "confirmed",
            BOOLEAN,
            "Whether more than half of the backups of the previous complete snapshot were missing and a second reading "
            "of the list, a minute later, confirmed it.",
            required=True,
        ),
        Column("listed", INTEGER, "Number of distinct backups in the list."),
        Column("shown", INTEGER, "Number of backups whose details were read."),
        Column("reused", INTEGER, "Number of unchanged backups whose details were reused from the previous snapshot."),
        Column("unread", INTEGER, "Number of listed backups whose details could not be read."),
        Column("vanished", INTEGER, "Number of listed backups that were deleted before their details were read."),
        Column("rejects", INTEGER, "Number of records that could not be loaded. Null if the snapshot is not loaded."),
        Column("requests", INTEGER, "Number of requests sent by the run that finished the snapshot."),
        Column("retries", INTEGER, "Number of requests repeated after a transient error."),
        Column("seconds", Type.DOUBLE, "Duration from as_of to finished_at.", unit="s"),
    ),
)

RUNS = Table(
    "meta",
    "runs",
    "One row: the run that built this file.",
    ("run_id",),
    (
        Column("run_id", STRING, "ID of the run that built this file.", required=True),
        Column("tool_version", STRING, "Version of cbr-warehouse that built this file.", required=True),
        Column("contract_version", STRING, "Hash of the definitions of the normalized tables.", required=True),
    ),
)

SCOPES = Table(
    "meta",
    "scopes",
    "One row per scope: how its last reading ended, and its newest complete snapshot.",
    ("scope",),
    (
        SCOPE,
        Column("attempted_at", TIMESTAMP, "When the last reading ended, successful or not.", required=True),
        Column("problem", STRING, "Why the last reading gave no complete snapshot. Null if it gave one."),
        Column(
            "is_granted",
            BOOLEAN,
            "False for a project that IAM lists, that the user may not read, and of which nothing was ever read.",
            required=True,
        ),
        Column("snapshot_id", STRING, SNAPSHOT.doc),  # null where there is no complete snapshot
    ),
)

LOADS = Table(
    "meta",
    "loads",
    "One row per normalized table of a current snapshot: records landed, loaded and rejected.",
    ("scope", "snapshot_id", "table_name"),
    (
        SCOPE,
        SNAPSHOT,
        Column("table_name", STRING, "Name of the normalized table.", required=True),
        Column(
            "records", INTEGER, "Number of records landed, counted independently of the normalization.", required=True
        ),
        Column("row_count", INTEGER, "Number of rows loaded.", required=True),
        Column("rejects", INTEGER, "Number of records in meta.rejects.", required=True),
    ),
)

REJECTS = Table(
    "meta",
    "rejects",
    "One row per record that could not be loaded.",
    ("scope", "snapshot_id", "source", "path"),
    (
        SCOPE,
        SNAPSHOT,
        Column("table_name", STRING, "Name of the table that the record belongs to.", required=True),
        Column("source", STRING, "File and line in the landing.", required=True),
        Column("path", STRING, "Path of the record within the response body.", required=True),
        Column("reason", STRING, "Why the record could not be loaded.", required=True),
        Column("raw", STRING, "The record as received.", required=True),
        Column("is_repeat", BOOLEAN, "Whether the record repeats a loaded record of the same backup.", required=True),
    ),
)

DRIFT = Table(
    "meta",
    "drift",
    "One row per kind of difference between API records and the contract.",
    ("scope", "snapshot_id", "table_name", "path", "kind", "found"),
    (
        SCOPE,
        SNAPSHOT,
        Column("table_name", STRING, "Name of the table.", required=True),
        Column("path", STRING, "Path of the key within the record of a row.", required=True),
        Column(
            "kind",
            STRING,
            "How the value was handled: converted to the column's type (coerced), stored in extra because of its type "
            "(refused), or stored in extra because the key is unknown (unknown).",
            required=True,
            known_values=("coerced", "refused", "unknown"),
        ),
        Column("found", STRING, "JSON type that was received.", required=True),
        Column("occurrences", INTEGER, "Number of occurrences.", required=True),
        Column("example_id", STRING, "ID of one record with the difference."),
        Column("first_seen", TIMESTAMP, "First complete snapshot of the scope with the difference."),
    ),
)

AUDITS = Table(
    "meta",
    "audits",
    "One row per audit of this file, run before publication.",
    ("audit",),
    (
        Column("audit", STRING, "Name of the audit.", required=True),
        Column(
            "severity",
            STRING,
            "Whether rows that violate the audit stop publication (error) or not (warn).",
            required=True,
            known_values=("error", "warn"),
        ),
        Column("relation", STRING, "Relation that is audited.", required=True),
        Column("offenders", INTEGER, "Number of rows that violate the audit.", required=True),
        Column("query", STRING, "SELECT that returns these rows.", required=True),
    ),
)

CATALOG = Table(
    "meta",
    "catalog",
    "One row per relation of this file and one row per column, with descriptions.",
    ("relation", "position"),
    (
        Column("relation", STRING, "Schema and name of the relation.", required=True),
        Column("position", INTEGER, "Position of the column, from 1. 0 for the relation itself.", required=True),
        Column("column_name", STRING, "Name of the column. Null for the relation itself."),
        Column("type", STRING, "DuckDB type of the column. TABLE or VIEW for the relation itself.", required=True),
        Column("description", STRING, "Description of the relation or column.", required=True),
    ),
)

EVIDENCE = Table(
    "compliance",
    "evidence_manifest",
    "One row per input of the results: landed files, tables, policies, waivers, input files and SQL, with hashes.",
    ("run_id", "kind", "scope", "snapshot_id", "name"),
    (
        Column("run_id", STRING, "ID of the run that built this file.", required=True),
        Column(
            "kind",
            STRING,
            "Kind of the input.",
            required=True,
            known_values=("landing", "table", "policy", "waivers", "input", "sql"),
        ),
        Column("scope", STRING, SCOPE.doc),  # null where the input applies to all scopes
        Column("snapshot_id", STRING, SNAPSHOT.doc),
        Column("name", STRING, "Name of the file, table, policy or relation.", required=True),
        Column("sha256", STRING, "SHA-256 of the input.", required=True),
        Column("row_count", INTEGER, "Number of lines or rows. Null if not applicable."),
    ),
)

PER_SNAPSHOT = (REJECTS, DRIFT)  # written to Parquet with the normalized tables
META = (RUNS, SCOPES, SNAPSHOTS, LOADS, REJECTS, DRIFT, AUDITS, EVIDENCE, CATALOG)
