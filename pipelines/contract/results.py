"""What is kept of the judgement of each snapshot: results outlive the snapshot that they are about.

Belongs here: the columns. A result that passes is kept as a count; one that does not is kept by name, from the
snapshot that has it first to the one that has it otherwise.
"""

from dataclasses import replace

from pipelines.contract.columns import Column, Table, Type
from pipelines.contract.keys import AS_OF, SCOPE, SEVERITY, SNAPSHOT

TEXT, WHOLE, INSTANT = Type.TEXT, Type.WHOLE, Type.INSTANT
STATUSES = ("pass", "fail", "waived", "unknown", "not_applicable")

_JUDGED = (
    replace(SNAPSHOT, required=True),
    AS_OF,
    Column("control_id", TEXT, "Id of the control.", required=True),
    Column("control_version", TEXT, "Version of the control's rule.", required=True),
    Column("policy_sha256", TEXT, "Hash of the policy file; null where the built-in one holds."),
    Column("waivers_sha256", TEXT, "Hash of the waiver file; null where there is none."),
)
_SUBJECT = (
    SEVERITY,
    Column("subject_kind", TEXT, "What is judged.", required=True),
    Column("subject_id", TEXT, "Id of the resource, backup, vault, scope or waiver.", required=True),
    Column("subject_name", TEXT, "Its name."),
    Column("resource_id", TEXT, "Id of the resource."),
    Column("resource_name", TEXT, "Name of the resource, as it was last seen."),
    Column("owner", TEXT, "Who answers for it."),
)

COUNTS = Table(
    "history",
    "result_counts",
    "One row a snapshot that was judged before the newest, and control, kind of subject and status: how many.",
    ("scope", "snapshot_id", "control_id", "subject_type", "tier", "project_id", "status"),
    (
        SCOPE,
        *_JUDGED,
        SEVERITY,
        Column("subject_type", TEXT, "What was judged.", required=True),
        Column("tier", TEXT, "Tier of the resource."),
        Column("project_id", TEXT, "Project of the subject."),
        Column("status", TEXT, "The status after waivers.", required=True, known=STATUSES),
        Column("subjects", WHOLE, "Subjects that have it.", required=True),
    ),
)

EVENTS = Table(
    "history",
    "result_events",
    "One row a change of a result, in a snapshot that was judged before the newest.",
    ("scope", "snapshot_id", "control_id", "subject_id"),
    (
        SCOPE,
        *_JUDGED,
        *_SUBJECT,
        Column("from_status", TEXT, "The status before; null where it passed or was not there."),
        Column("to_status", TEXT, "The status since; null where the subject is there no more.", known=STATUSES),
        Column("reason_code", TEXT, "Why, in a word."),
        Column("reason", TEXT, "Why, in one sentence."),
        Column("waiver_id", TEXT, "The waiver that is about it, whether it holds or not."),
        Column(
            "cause",
            TEXT,
            "What changed: data, policy, waivers, rule, or subject, which is gone.",
            required=True,
        ),
    ),
)

OPEN = Table(
    "history",
    "open_results",
    "One row a result that did not pass when the snapshot before the newest was judged: since when.",
    ("scope", "control_id", "subject_id"),
    (
        SCOPE,
        *_JUDGED,
        *_SUBJECT,
        Column("status", TEXT, "The status after waivers.", required=True, known=("fail", "waived", "unknown")),
        Column("since", INSTANT, "The first snapshot that had it so.", required=True),
        Column("first_failed_at", INSTANT, "Since when it fails, as far as anything told."),
    ),
)

RESULTS = (COUNTS, EVENTS, OPEN)
