"""The policy tables: what a tier demands, and the tolerances that hold for all tiers."""

import pyarrow as pa

from pipelines.contract.columns import Column, Table, Type
from pipelines.contract.derive import arrow_schema

TEXT, WHOLE, FLAG = Type.TEXT, Type.WHOLE, Type.FLAG

TIERS = Table(
    "policy",
    "tiers",
    "One row a tier of protection: what it demands of a resource and of each of its recovery points.",
    ("tier",),
    (
        Column("tier", TEXT, "Name of the tier.", required=True),
        Column("policy_rule_id", TEXT, "The rule that brought the tier.", required=True),
        Column("is_default", FLAG, "The tier of every resource that no rule names.", required=True),
        Column("rpo_hours", WHOLE, "Recovery point objective.", required=True, unit="h"),
        Column("grace_hours", WHOLE, "What a late backup is allowed beyond it.", required=True, unit="h"),
        Column("min_retention_days", WHOLE, "How long each point must be kept.", required=True, unit="d"),
        Column("min_replica_retention_days", WHOLE, "The same for replicas.", required=True, unit="d"),
        Column("encryption", TEXT, "Whether backups must be encrypted.", required=True, known=("required", "optional")),
        Column("size_check", TEXT, "What it means when disks do not add up.", required=True, known=("warn", "fail")),
    ),
)

SETTINGS = Table(
    "policy",
    "settings",
    "One row: tolerances that hold for all tiers.",
    (),
    (
        Column("policy_id", TEXT, "Name of the policy.", required=True),
        Column("timestamp_tolerance_seconds", WHOLE, "How far an expiry may fall short.", required=True, unit="s"),
        Column("clock_skew_seconds", WHOLE, "How far clocks may differ.", required=True, unit="s"),
        Column("max_scope_lag_hours", WHOLE, "How far a scope may lag behind the newest one.", required=True, unit="h"),
    ),
)

POLICY = (TIERS, SETTINGS)

# Sensible where nobody wrote a policy: daily backups that are kept for a month and encrypted.
_DEFAULT_TIER = {
    "tier": "standard",
    "policy_rule_id": "default",
    "is_default": True,
    "rpo_hours": 24,
    "grace_hours": 2,
    "min_retention_days": 30,
    "min_replica_retention_days": 30,
    "encryption": "required",
    "size_check": "warn",
}
_DEFAULT_SETTINGS = {
    "policy_id": "default",
    "timestamp_tolerance_seconds": 3600,
    "clock_skew_seconds": 300,
    "max_scope_lag_hours": 26,
}


def default_policy() -> dict[str, pa.Table]:
    """Return the policy tables by relation, with the defaults."""
    rows = {TIERS: _DEFAULT_TIER, SETTINGS: _DEFAULT_SETTINGS}
    return {table.relation: pa.Table.from_pylist([row], arrow_schema(table)) for table, row in rows.items()}
