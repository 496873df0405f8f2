"""The policy tables: what the policy requires in each snapshot that is judged, and what is waived.

Every row names a scope and a snapshot, because a snapshot is judged by the policy in force on its date. The columns of
parameters are derived in columns.py.
"""

from pipelines.contract.columns import Column, Table, Type
from pipelines.contract.keys import SCOPE, SEVERITY, SNAPSHOT
from pipelines.policy.columns import parameter_columns
from pipelines.policy.parameters import Settings, Tier
from pipelines.policy.schema import Match

RULE = Column("policy_rule_id", Type.STRING, "The rule that decides: an assignment, an exclusion, or the default.")
OWNER = Column("owner", Type.STRING, "Owner.")

SETTINGS = Table(
    "policy",
    "settings",
    "One row per snapshot: the policy it is judged by, with the tolerances and windows for all tiers.",
    ("scope", "snapshot_id"),
    (
        SCOPE,
        SNAPSHOT,
        Column("policy_id", Type.STRING, "Name of the policy.", required=True),
        Column("effective_from", Type.TIMESTAMP, "Since when the policy is in force. Null for the built-in policy."),
        Column("policy_sha256", Type.STRING, "SHA-256 of the policy file. Null for the built-in policy."),
        Column("waivers_sha256", Type.STRING, "SHA-256 of the waiver file. Null if there is none."),
        Column("report_timezone", Type.STRING, "Time zone of the days in reports.", required=True),
        *parameter_columns(Settings, required=True),
    ),
)

TIERS = Table(
    "policy",
    "tiers",
    "One row per snapshot and rule: the tier that it assigns, with the parameters of that tier.",
    ("scope", "snapshot_id", "policy_rule_id"),
    (
        SCOPE,
        SNAPSHOT,
        RULE,
        Column("tier", Type.STRING, "Name of the tier.", required=True),
        OWNER,
        *parameter_columns(Tier, required=False),
    ),
)

MATCHES = Table(
    "policy",
    "matches",
    "One row per snapshot, rule and value that the rule matches.",
    ("scope", "snapshot_id", "policy_rule_id", "selector", "value"),
    (
        SCOPE,
        SNAPSHOT,
        RULE,
        Column(
            "kind",
            Type.STRING,
            "What the rule does: it assigns a tier, excludes resources, or lets disks be left out of backups.",
            required=True,
            known_values=("assign", "exclude", "exclude_volume"),
        ),
        Column("priority", Type.INTEGER, "Of two rules, the one with the higher priority decides.", required=True),
        Column(
            "specificity", Type.INTEGER, "Of two rules of one priority, the more specific one decides.", required=True
        ),
        Column(
            "selector",
            Type.STRING,
            "The property that it selects by.",
            required=True,
            known_values=tuple(Match.model_fields),
        ),
        Column("value", Type.STRING, "The value of that property.", required=True),
        Column("reason", Type.STRING, "Why the rule excludes."),
        OWNER,
        Column("review_by", Type.STRING, "Last day on which the exclusion must be reviewed, as YYYY-MM-DD."),
        Column("review_due_at", Type.TIMESTAMP, "The end of that day in the policy's time zone."),
    ),
)

WAIVERS = Table(
    "policy",
    "waivers",
    "One row per snapshot and waiver: a failure that somebody has accepted, until when and how far.",
    ("scope", "snapshot_id", "waiver_id"),
    (
        SCOPE,
        SNAPSHOT,
        Column("waiver_id", Type.STRING, "ID of the waiver.", required=True),
        Column("control_id", Type.STRING, "The control that it is for.", required=True),
        Column("covers_every_scope", Type.BOOLEAN, "It names no scope, so it is valid in each.", required=True),
        Column("selector", Type.STRING, "The property that it selects by.", required=True),
        Column("value", Type.STRING, "The value of that property.", required=True),
        Column("backup_ids", Type.STRINGS, "The exact backups that it covers, if the control needs them."),
        Column("reason", Type.STRING, "Why the failure is accepted.", required=True),
        Column("compensating_control", Type.STRING, "What is done instead."),
        Column("ticket", Type.STRING, "The ticket in which it was decided."),
        OWNER,
        Column("approver", Type.STRING, "Who accepted it.", required=True),
        Column("second_approver", Type.STRING, "Who else accepted it."),
        Column("scope_approver", Type.STRING, "Who accepted that it covers a whole project."),
        Column("created_on", Type.STRING, "First day on which it is valid, as YYYY-MM-DD.", required=True),
        Column("created_at", Type.TIMESTAMP, "The start of that day in the policy's time zone.", required=True),
        Column("expires_on", Type.STRING, "Last day on which it is valid, as YYYY-MM-DD.", required=True),
        Column("expires_at", Type.TIMESTAMP, "The end of that day in the policy's time zone.", required=True),
        Column("max_measured_value", Type.DOUBLE, "Anything worse than this is not waived."),
    ),
)

DAYS = Table(
    "policy",
    "days",
    "One row per snapshot and day of the reports, in the time zone of the policy.",
    ("scope", "snapshot_id", "day"),
    (
        SCOPE,
        SNAPSHOT,
        Column("day", Type.STRING, "The day, as YYYY-MM-DD.", required=True),
        Column("starts_at", Type.TIMESTAMP, "Start of the day, in UTC.", required=True),
        Column("ends_at", Type.TIMESTAMP, "Start of the next day, in UTC.", required=True),
        Column("is_past", Type.BOOLEAN, "The day began before the snapshot.", required=True),
    ),
)

SEVERITIES = Table(
    "policy",
    "severities",
    "One row per snapshot and severity: its weight in scores, and how soon a failure must be fixed.",
    ("scope", "snapshot_id", "severity"),
    (
        SCOPE,
        SNAPSHOT,
        SEVERITY,
        Column("weight", Type.INTEGER, "How much a result counts in scores.", required=True),
        Column("due_days", Type.INTEGER, "Time to fix a failure.", required=True, unit="d"),
    ),
)

POLICY = (SETTINGS, TIERS, MATCHES, WAIVERS, DAYS, SEVERITIES)
