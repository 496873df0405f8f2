"""The policy tables: what is demanded of whom in each snapshot that is judged, and what is waived.

Belongs here: their columns. Each row names a scope and a snapshot, as that is judged by the policy in force on its
date. Does not belong here: what may be demanded (demands.py).
"""

from dataclasses import replace

from pipelines.contract.columns import Column, Table, Type
from pipelines.contract.keys import SCOPE, SEVERITY, SNAPSHOT
from pipelines.policy.demands import SELECTORS, TIER
from pipelines.policy.demands import SETTINGS as _SETTINGS

TEXT, WHOLE, REAL, FLAG = Type.STRING, Type.INTEGER, Type.DOUBLE, Type.BOOLEAN
INSTANT, TEXTS = Type.TIMESTAMP, Type.STRINGS

RULE = Column("policy_rule_id", TEXT, "The rule that decides: an assignment, an exclusion, or the default.")
OWNER = Column("owner", TEXT, "Who answers for it.")

SETTINGS = Table(
    "policy",
    "settings",
    "One row a snapshot: the policy that it is judged by, and the tolerances that hold for all tiers.",
    ("scope", "snapshot_id"),
    (
        SCOPE,
        SNAPSHOT,
        Column("policy_id", TEXT, "Name of the policy.", required=True),
        Column("effective_from", INSTANT, "Since when it is in force; null for the built-in one."),
        Column("policy_sha256", TEXT, "Hash of the policy file; null where the built-in one holds."),
        Column("waivers_sha256", TEXT, "Hash of the waiver file; null where there is none."),
        Column("report_timezone", TEXT, "Time zone of the days in reports.", required=True),
        *(replace(demand.column, required=True) for demand in _SETTINGS),
    ),
)

TIERS = Table(
    "policy",
    "tiers",
    "One row a snapshot and rule: the tier that it gives, and what that demands of a resource and its points.",
    ("scope", "snapshot_id", "policy_rule_id"),
    (
        SCOPE,
        SNAPSHOT,
        RULE,
        Column("tier", TEXT, "Name of the tier.", required=True),
        OWNER,
        *(demand.column for demand in TIER),
    ),
)

MATCHES = Table(
    "policy",
    "matches",
    "One row a snapshot, rule and value that the rule selects by.",
    ("scope", "snapshot_id", "policy_rule_id", "selector", "value"),
    (
        SCOPE,
        SNAPSHOT,
        RULE,
        Column("kind", TEXT, "What the rule does.", required=True, known=("assign", "exclude")),
        Column("priority", WHOLE, "Of two rules, the one with the higher priority decides.", required=True),
        Column("specificity", WHOLE, "Among equals, the more specific one.", required=True),
        Column("selector", TEXT, "What it selects by.", required=True, known=tuple(SELECTORS)),
        Column("value", TEXT, "What that must be.", required=True),
        Column("reason", TEXT, "Why it excludes."),
        OWNER,
        Column("review_by", TEXT, "Day through which the exclusion has to be looked at again, as YYYY-MM-DD."),
        Column("review_due_at", INSTANT, "The last moment of that day in the policy's time zone."),
    ),
)

WAIVERS = Table(
    "policy",
    "waivers",
    "One row a snapshot and waiver: a failure that somebody has accepted, until when and how far.",
    ("scope", "snapshot_id", "waiver_id"),
    (
        SCOPE,
        SNAPSHOT,
        Column("waiver_id", TEXT, "Id of the waiver.", required=True),
        Column("control_id", TEXT, "The control that it is about.", required=True),
        Column("covers_every_scope", FLAG, "It names no scope, so it covers its value in each.", required=True),
        Column("selector", TEXT, "What it selects by.", required=True),
        Column("value", TEXT, "What that must be.", required=True),
        Column("backup_ids", TEXTS, "The exact backups that it is about, where the control asks for them."),
        Column("reason", TEXT, "Why.", required=True),
        Column("compensating_control", TEXT, "What is done instead."),
        Column("ticket", TEXT, "Where it was decided."),
        OWNER,
        Column("approver", TEXT, "Who accepted it.", required=True),
        Column("second_approver", TEXT, "Who else did."),
        Column("scope_approver", TEXT, "Who accepted that it covers a project."),
        Column("created_on", TEXT, "Day from which it holds, as YYYY-MM-DD.", required=True),
        Column("created_at", INSTANT, "The first moment of that day in the policy's time zone.", required=True),
        Column("expires_on", TEXT, "Day through which it holds, as YYYY-MM-DD.", required=True),
        Column("expires_at", INSTANT, "The last moment of that day in the policy's time zone.", required=True),
        Column("max_measured_value", REAL, "What is worse than this is not waived."),
    ),
)

DAYS = Table(
    "policy",
    "days",
    "One row a snapshot and day that reports tell of: a day of the time zone that the policy names.",
    ("scope", "snapshot_id", "day"),
    (
        SCOPE,
        SNAPSHOT,
        Column("day", TEXT, "The day, as YYYY-MM-DD.", required=True),
        Column("starts_at", INSTANT, "When it begins, in UTC.", required=True),
        Column("ends_at", INSTANT, "When the next one does.", required=True),
        Column("is_past", FLAG, "It began before the reading.", required=True),
    ),
)

SEVERITIES = Table(
    "policy",
    "severities",
    "One row a snapshot and severity: how much it weighs, and how soon a failure has to be mended.",
    ("scope", "snapshot_id", "severity"),
    (
        SCOPE,
        SNAPSHOT,
        SEVERITY,
        Column("rank", WHOLE, "The higher, the worse.", required=True),
        Column("weight", WHOLE, "How much a result counts in scores.", required=True),
        Column("due_days", WHOLE, "Time to mend a failure.", required=True, unit="d"),
    ),
)

POLICY = (SETTINGS, TIERS, MATCHES, WAIVERS, DAYS, SEVERITIES)
