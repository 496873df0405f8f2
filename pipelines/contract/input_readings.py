"""How the inputs beside the backups were read: every reading, how each input stands, and what was never read."""

from pipelines.contract.columns import Column, Table, Type
from pipelines.contract.inputs import STATUSES
from pipelines.contract.keys import AS_OF, SCOPE, SNAPSHOT

STRING, BOOLEAN, INTEGER, TIMESTAMP = Type.STRING, Type.BOOLEAN, Type.INTEGER, Type.TIMESTAMP
_INPUT = Column("input", STRING, "Name of the input.", required=True)

INPUT_READINGS = Table(
    "history",
    "input_readings",
    "One row per input and complete snapshot: how the input was read.",
    ("scope", "input", "snapshot_id"),
    (
        SCOPE,
        _INPUT,
        Column("snapshot_id", STRING, SNAPSHOT.doc, required=True),
        AS_OF,
        Column("status", STRING, "How reading ended.", required=True, known_values=STATUSES),
        Column("complete", BOOLEAN, "Whether every record was proven to be read.", required=True),
        Column("problem", STRING, "Why it was not read, or not proven complete."),
        Column("records", INTEGER, "Number of distinct records read.", required=True),
        Column("read_from", TIMESTAMP, "Start of the period of a log that was read. Null for other inputs."),
        Column("read_until", TIMESTAMP, "End of that period."),
    ),
)

INPUT_STATUS = Table(
    "meta",
    "inputs",
    "One row per input of a scope: whether the account grants it, and when it was last read.",
    ("scope", "input"),
    (
        SCOPE,
        _INPUT,
        Column("call", STRING, "Call of the API that gives it.", required=True),
        Column(
            "status",
            STRING,
            "How the last reading ended. not_granted: the service refused it, and the permission has to be asked for.",
            required=True,
            known_values=STATUSES,
        ),
        Column("permission", STRING, "Permission that the call needs.", required=True),
        Column("purpose", STRING, "What is judged with the input.", required=True),
        Column("problem", STRING, "Why it was not read, or not proven complete."),
        Column("complete", BOOLEAN, "Whether the last reading proved that it has every record.", required=True),
        Column("last_read_at", TIMESTAMP, "as_of of the last snapshot that read the input. Null if none did."),
        Column("records", INTEGER, "Number of records of that reading."),
    ),
)

INPUT_GAPS = Table(
    "meta",
    "input_gaps",
    "One row per period of a log that was never read, because the service had forgotten it when it was read next.",
    ("scope", "input", "gap_from"),
    (
        SCOPE,
        _INPUT,
        Column("gap_from", TIMESTAMP, "Start of the period.", required=True),
        Column("gap_to", TIMESTAMP, "End of the period.", required=True),
    ),
)
