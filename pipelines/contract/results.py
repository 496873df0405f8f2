"""History of control results, which outlives the snapshots.

Passing results are stored as counts. Results that fail, are waived or unknown are stored per subject, as events from
the first snapshot that has them to the first that differs.
"""

from dataclasses import replace

from pipelines.contract.columns import Column, Table, Type
from pipelines.contract.keys import AS_OF, SCOPE, SEVERITY, SNAPSHOT

STRING, INTEGER, TIMESTAMP = Type.STRING, Type.INTEGER, Type.TIMESTAMP
STATUSES = ("pass", "fail", "waived", "unknown", "not_applicable")

_EVALUATION = (
    replace(SNAPSHOT, required=True),
    AS_OF,
    Column("control_id", STRING, "ID of the control.", required=True),
    Column("control_version", STRING, "Version of the control.", required=True),
    Column("policy_sha256", STRING, "SHA-256 of the policy file. Null for the built-in policy."),
    Column("waivers_sha256", STRING, "SHA-256 of the waiver file. Null if there is none."),
)
_SUBJECT = (
    SEVERITY,
    Column("subject_kind", STRING, "Kind of the subject.", required=True),
    Column("subject_id", STRING, "ID of the resource, backup, vault, scope or waiver.", required=True),
    Column("subject_name", STRING, "Name of the subject."),
    Column("resource_id", STRING, "ID of the resource."),
    Column("resource_name", STRING, "Latest known name of the resource."),
    Column("owner", STRING, "Owner."),
)

RESULT_COUNTS = Table(
    "history",
    "result_counts",
    "One row per earlier snapshot, control, kind of subject, tier, project and status: number of subjects.",
    ("scope", "snapshot_id", "control_id", "subject_type", "tier", "project_id", "status"),
    (
        SCOPE,
        *_EVALUATION,
        SEVERITY,
        Column("subject_type", STRING, "Kind of the subject.", required=True),
        Column("tier", STRING, "Tier of the resource."),
        Column("project_id", STRING, "Project of the subject."),
        Column("status", STRING, "Status after waivers.", required=True, known_values=STATUSES),
        Column("subjects", INTEGER, "Number of subjects.", required=True),
    ),
)

RESULT_EVENTS = Table(
    "history",
    "result_events",
    "One row per change of a result in an earlier snapshot.",
    ("scope", "snapshot_id", "control_id", "subject_id"),
    (
        SCOPE,
        *_EVALUATION,
        *_SUBJECT,
        Column("from_status", STRING, "Previous status. Null if it passed or did not exist."),
        Column("to_status", STRING, "New status. Null if the subject no longer exists.", known_values=STATUSES),
        Column("reason_code", STRING, "Reason code."),
        Column("reason", STRING, "Reason, one sentence."),
        Column("waiver_id", STRING, "ID of the waiver for this result, active or not."),
        Column(
            "cause",
            STRING,
            "Cause: data, policy, waivers, control version or missing subject.",
            required=True,
        ),
    ),
)

OPEN_FINDINGS = Table(
    "history",
    "open_results",
    "One row per result that did not pass in the snapshot before the newest.",
    ("scope", "control_id", "subject_id"),
    (
        SCOPE,
        *_EVALUATION,
        *_SUBJECT,
        Column("status", STRING, "Status after waivers.", required=True, known_values=("fail", "waived", "unknown")),
        Column("since", TIMESTAMP, "First snapshot with this status, without interruption.", required=True),
        Column("first_failed_at", TIMESTAMP, "Since when the result fails, as far as the data shows."),
    ),
)

RESULTS = (RESULT_COUNTS, RESULT_EVENTS, OPEN_FINDINGS)
