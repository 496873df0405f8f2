"""Backup and replication policies of the service and their vaults: ListPolicies.

They are not the policy that results are judged by, which is in policy/.
"""

from pipelines.contract.columns import Column, Table, Type
from pipelines.contract.keys import EXTRA, READ_IN, SCOPE, api

STRING, INTEGER, BOOLEAN = Type.STRING, Type.INTEGER, Type.BOOLEAN


def _operation(name: str, kind: Type, doc: str, **options: object) -> Column:
    path = ("operation_definition", name)
    return Column(f"operation_definition_{name}", kind, doc, path=path, **options)  # type: ignore[arg-type]


def _kept(period: str) -> Column:
    return _operation(f"{period}_backups", INTEGER, f"Number of {period}s whose newest backup is kept besides.")


POLICIES = Table(
    "cbr",
    "policies",
    "One row per backup or replication policy of the service.",
    ("scope", "snapshot_id", "id"),
    (
        SCOPE,
        READ_IN,
        api("id", STRING, "ID of the policy.", "策略ID", required=True),
        api("name", STRING, "Name of the policy.", "策略名称"),
        api("enabled", BOOLEAN, "Whether the policy runs.", "策略是否启用"),
        api("operation_type", STRING, "What it does.", "策略类型", known_values=("backup", "replication")),
        api("policy_type", STRING, "Whether a user or an organization made the policy."),
        Column("trigger_id", STRING, "ID of the trigger.", path=("trigger", "id")),
        Column("trigger_name", STRING, "Name of the trigger.", path=("trigger", "name")),
        Column("trigger_type", STRING, "Type of the trigger: time.", path=("trigger", "type")),
        Column(
            "trigger_pattern",
            Type.STRINGS,
            "When it runs: rules of iCalendar (RFC 5545) in UTC.",
            path=("trigger", "properties", "pattern"),
        ),
        Column(
            "trigger_start_time",
            Type.TIMESTAMP,
            "When the trigger begins to count, in UTC.",
            path=("trigger", "properties", "start_time"),
        ),
        Column(
            "trigger_start_window_minutes",
            INTEGER,
            "Time within which a run starts.",
            path=("trigger", "properties", "start_window_minutes"),
            unit="minutes",
        ),
        _operation("retention_duration_days", INTEGER, "How long backups are kept. -1 or null: no limit.", unit="days"),
        _operation("max_backups", INTEGER, "Number of automatic backups kept per resource. -1 or null: no limit."),
        *map(_kept, ("day", "week", "month", "year")),
        _operation("timezone", STRING, "Time zone of the days, weeks, months and years: UTC+08:00."),
        _operation("full_backup_interval", INTEGER, "Number of runs from one full backup to the next. -1: none."),
        _operation("destination_region", STRING, "Region that backups are copied to."),
        _operation("destination_project_id", STRING, "ID of the project that backups are copied to."),
        _operation("enable_acceleration", BOOLEAN, "Whether copying is accelerated."),
        _operation("cross_account_urn", STRING, "Vault of another account that backups are copied to."),
        _operation("created_by", STRING, "Who created the policy."),
        _operation("advanced_retention_rules", Type.JSON, "Further rules of retention.", is_open=True),
        EXTRA,
    ),
)

POLICY_VAULTS = Table(
    "cbr",
    "policy_vaults",
    "One row per vault that a policy of the service is applied to. A vault may have several policies.",
    ("scope", "snapshot_id", "policy_id", "vault_id"),
    (
        SCOPE,
        READ_IN,
        Column("policy_id", STRING, "ID of the policy.", required=True),
        api("vault_id", STRING, "ID of the vault.", "存储库ID", required=True),
        api("destination_vault_id", STRING, "ID of the vault that backups are copied to.", "关联的远端存储库ID"),
        EXTRA,
    ),
)
