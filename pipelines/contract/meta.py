"""The tables that tell how the data came to be: snapshots, loads, rejects, drift, audits.

Belongs here: their columns. Does not belong here: filling them; extract/ says what a snapshot is, normalize/
what was rejected or drifted, load/ what was loaded, models/ what an audit found.
"""

from pipelines.contract.columns import Column, Table, Type
from pipelines.contract.keys import AS_OF, SCOPE, SNAPSHOT

STRING, INTEGER, BOOLEAN, TIMESTAMP = Type.STRING, Type.INTEGER, Type.BOOLEAN, Type.TIMESTAMP

SNAPSHOTS = Table(
    "meta",
    "snapshots",
    "One row a snapshot that was landed, complete or not.",
    ("scope", "snapshot_id"),
    (
        SCOPE,
        Column("snapshot_id", STRING, SNAPSHOT.doc, required=True),
        AS_OF,
        Column("finished_at", TIMESTAMP, "When reading ended.", required=True),
        Column(
            "complete",
            BOOLEAN,
            "Everything the service has was read; only then is absence evidence.",
            required=True,
        ),
        Column("incomplete_reason", STRING, "Why it is not complete."),
        Column("is_current", BOOLEAN, "The newest complete one of its scope: the one in schema cbr.", required=True),
        Column("is_sandbox", BOOLEAN, "Synthetic data, served by the sandbox.", required=True),
        Column("region", STRING, "Region that was read, as clouds.yaml names it."),
        Column("project_id", STRING, "Project that was read.", required=True),
        Column("pages", INTEGER, "List pages that were landed."),
        Column("looks", INTEGER, "How often the list was read until it stood still."),
        Column(
            "confirmed",
            BOOLEAN,
            "More than half of the backups of the last complete snapshot were gone, and the list, read a second time a "
            "minute later, said so too.",
            required=True,
        ),
        Column("listed", INTEGER, "Different backups in the list."),
        Column("shown", INTEGER, "Backups whose details were read."),
        Column("reused", INTEGER, "Backups whose details were taken from the snapshot before, as nothing changed."),
        Column("unread", INTEGER, "Backups whose details were not to be had though the list goes on naming them."),
        Column("vanished", INTEGER, "Listed, but gone when their details were asked for."),
        Column("rejects", INTEGER, "Records that could not be loaded; null where the snapshot is not loaded."),
        Column("requests", INTEGER, "Requests sent by the run that finished it."),
        Column("retries", INTEGER, "Requests sent again after a passing fault."),
        Column("seconds", Type.DOUBLE, "Time from as_of to finished_at.", unit="s"),
    ),
)

RUNS = Table(
    "meta",
    "runs",
    "One row: the run that built this file.",
    ("run_id",),
    (
        Column("run_id", STRING, "The run that built this file.", required=True),
        Column("tool_version", STRING, "Version of cbr-warehouse that built it.", required=True),
        Column("contract_version", STRING, "Hash of the contract of the normalized tables.", required=True),
    ),
)

SCOPES = Table(
    "meta",
    "scopes",
    "One row a scope that was ever read: how its last reading ended, and which snapshot stands for it.",
    ("scope",),
    (
        SCOPE,
        Column("attempted_at", TIMESTAMP, "When the last reading ended, well or not.", required=True),
        Column("problem", STRING, "Why it gave no complete snapshot; null where it gave one."),
        Column("snapshot_id", STRING, SNAPSHOT.doc),  # the newest complete one; null where there is none
    ),
)

LOADS = Table(
    "meta",
    "loads",
    "One row a normalized table of a current snapshot: what came in and where it went.",
    ("scope", "snapshot_id", "table_name"),
    (
        SCOPE,
        SNAPSHOT,
        Column("table_name", STRING, "The normalized table.", required=True),
        Column("records", INTEGER, "Records landed, counted apart from the flattening.", required=True),
        Column("row_count", INTEGER, "Rows loaded.", required=True),
        Column("rejects", INTEGER, "Records in meta.rejects.", required=True),
    ),
)

REJECTS = Table(
    "meta",
    "rejects",
    "One row a record that could not be loaded.",
    ("scope", "snapshot_id", "source", "path"),
    (
        SCOPE,
        SNAPSHOT,
        Column("table_name", STRING, "The table that it would have been a row of.", required=True),
        Column("source", STRING, "Landing part and line.", required=True),
        Column("path", STRING, "Where in the body.", required=True),
        Column("reason", STRING, "Why it could not be loaded.", required=True),
        Column("raw", STRING, "The record as sent.", required=True),
        Column("is_repeat", BOOLEAN, "It repeats a record of the same backup that is loaded.", required=True),
    ),
)

DRIFT = Table(
    "meta",
    "drift",
    "One row a way in which bodies differ from the contract.",
    ("scope", "snapshot_id", "table_name", "path", "kind", "found"),
    (
        SCOPE,
        SNAPSHOT,
        Column("table_name", STRING, "The table concerned.", required=True),
        Column("path", STRING, "The key, below the object that a row stands for.", required=True),
        Column(
            "kind",
            STRING,
            "What was done: a value of another type was turned into the column's (coerced) or kept in extra (refused), "
            "or the key is unknown and kept in extra (unknown).",
            required=True,
            known=("coerced", "refused", "unknown"),
        ),
        Column("found", STRING, "The JSON type that was sent.", required=True),
        Column("occurrences", INTEGER, "How often.", required=True),
        Column("example_id", STRING, "Id of one record that has it."),
        Column("first_seen", TIMESTAMP, "The first complete snapshot of the scope that ever had it."),
    ),
)

AUDITS = Table(
    "meta",
    "audits",
    "One row an audit of this file: what was asked of the data before it was published.",
    ("audit",),
    (
        Column("audit", STRING, "Name of the audit.", required=True),
        Column(
            "severity",
            STRING,
            "An error stops publication, a warning does not.",
            required=True,
            known=("error", "warn"),
        ),
        Column("relation", STRING, "The relation that is audited.", required=True),
        Column("offenders", INTEGER, "Rows that break it.", required=True),
        Column("query", STRING, "The SELECT that shows them.", required=True),
    ),
)

CATALOG = Table(
    "meta",
    "catalog",
    "One row a relation of this file, and one row each of its columns: what they mean.",
    ("relation", "position"),
    (
        Column("relation", STRING, "Schema and name.", required=True),
        Column("position", INTEGER, "Place of the column, from 1; 0 for the relation itself.", required=True),
        Column("column_name", STRING, "The column; null for the relation itself."),
        Column("type", STRING, "Its type in DuckDB; TABLE or VIEW for the relation itself.", required=True),
        Column("description", STRING, "What a row is, or what the column means.", required=True),
    ),
)

EVIDENCE = Table(
    "compliance",
    "evidence_manifest",
    "One row a thing that the results of this run come from: what was landed, its tables, the rules, the SQL.",
    ("run_id", "kind", "scope", "snapshot_id", "name"),
    (
        Column("run_id", STRING, "The run that built this file.", required=True),
        Column("kind", STRING, "What it is.", required=True, known=("landing", "table", "policy", "waivers", "sql")),
        Column("scope", STRING, SCOPE.doc),  # null where it holds for all
        Column("snapshot_id", STRING, SNAPSHOT.doc),
        Column("name", STRING, "Its file, table, policy or relation.", required=True),
        Column("sha256", STRING, "Its hash.", required=True),
        Column("row_count", INTEGER, "Its lines or rows, where it has some."),
    ),
)

PER_SNAPSHOT = (REJECTS, DRIFT)
META = (RUNS, SCOPES, SNAPSHOTS, LOADS, REJECTS, DRIFT, AUDITS, EVIDENCE, CATALOG)
