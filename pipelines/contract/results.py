"""What is kept of the judgement of each snapshot: results outlive the snapshot that they are about.

Belongs here: the columns. A result that passes is kept as a count; one that does not is kept by name, from the
snapshot that has it first to the one that has it otherwise.
"""

from dataclasses import replace

from pipelines.contract.columns import Column, Table, Type
from pipelines.contract.keys import AS_OF, SCOPE, SEVERITY, SNAPSHOT

STRING, INTEGER, TIMESTAMP = Type.STRING, Type.INTEGER, Type.TIMESTAMP
STATUSES = ("pass", "fail", "waived", "unknown", "not_applicable")

_JUDGED = (
    replace(SNAPSHOT, required=True),
    AS_OF,
    Column("control_id", STRING, "Id of the control.", required=True),
    Column("control_version", STRING, "Version of the control's rule.", required=True),
    Column("policy_sha256", STRING, "Hash of the policy file; null where the built-in one holds."),
    Column("waivers_sha256", STRING, "Hash of the waiver file; null where there is none."),
)
_SUBJECT = (
    SEVERITY,
    Column("subject_kind", STRING, "What is judged.", required=True),
    Column("subject_id", STRING, "Id of the resource, backup, vault, scope or waiver.", required=True),
    Column("subject_name", STRING, "Its name."),
    Column("resource_id", STRING, "Id of the resource."),
    Column("resource_name", STRING, "Name of the resource, as it was last seen."),
    Column("owner", STRING, "Who answers for it."),
)

RESULT_COUNTS = Table(
    "history",
    "result_counts",
    "One row a snapshot that was judged before the newest, and control, kind of subject and status: how many.",
    ("scope", "snapshot_id", "control_id", "subject_type", "tier", "project_id", "status"),
    (
        SCOPE,
        *_JUDGED,
        SEVERITY,
        Column("subject_type", STRING, "What was judged.", required=True),
        Column("tier", STRING, "Tier of the resource."),
        Column("project_id", STRING, "Project of the subject."),
        Column("status", STRING, "The status after waivers.", required=True, known=STATUSES),
        Column("subjects", INTEGER, "Subjects that have it.", required=True),
    ),
)

RESULT_EVENTS = Table(
    "history",
    "result_events",
    "One row a change of a result, in a snapshot that was judged before the newest.",
    ("scope", "snapshot_id", "control_id", "subject_id"),
    (
        SCOPE,
        *_JUDGED,
        *_SUBJECT,
        Column("from_status", STRING, "The status before; null where it passed or was not there."),
        Column("to_status", STRING, "The status since; null where the subject is there no more.", known=STATUSES),
        Column("reason_code", STRING, "Why, in a word."),
        Column("reason", STRING, "Why, in one sentence."),
        Column("waiver_id", STRING, "The waiver that is about it, whether it holds or not."),
        Column(
            "cause",
            STRING,
            "What changed: data, policy, waivers, rule, or subject, which is gone.",
            required=True,
        ),
    ),
)

OPEN_FINDINGS = Table(
    "history",
    "open_results",
    "One row a result that did not pass when the snapshot before the newest was judged: since when.",
    ("scope", "control_id", "subject_id"),
    (
        SCOPE,
        *_JUDGED,
        *_SUBJECT,
        Column("status", STRING, "The status after waivers.", required=True, known=("fail", "waived", "unknown")),
        Column("since", TIMESTAMP, "The first snapshot that had it so.", required=True),
        Column("first_failed_at", TIMESTAMP, "Since when it fails, as far as anything told."),
    ),
)

RESULTS = (RESULT_COUNTS, RESULT_EVENTS, OPEN_FINDINGS)
