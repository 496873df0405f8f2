"""Runs of backups, restores and other tasks: ListOpLogs, and ShowCheckpoint where a run had trouble.

The service keeps tasks for about 30 days; the warehouse keeps every one that was ever read.
"""

from pipelines.contract.columns import Column, Table, Type
from pipelines.contract.keys import EXTRA, READ_IN, SCOPE, api

STRING, TIMESTAMP, JSON = Type.STRING, Type.TIMESTAMP, Type.JSON
_INFO = "extra_info"


def _info(doc: str, *path: str) -> Column:
    return Column("_".join((_INFO, *path)), STRING, doc, path=(_INFO, *path))


OPERATIONS = Table(
    "cbr",
    "operations",
    "One row per task of the service that was ever read, in its latest state.",
    ("scope", "snapshot_id", "id"),
    (
        SCOPE,
        READ_IN,
        api("id", STRING, "ID of the task.", "任务id", required=True),
        api(
            "operation_type",
            STRING,
            "What the task does.",
            "任务类型",
            known_values=(
                "backup",
                "copy",
                "replication",
                "restore",
                "delete",
                "sync",
                "vault_delete",
                "remove_resource",
            ),
        ),
        api(
            "status",
            STRING,
            "Status of the task.",
            "任务状态",
            known_values=("success", "skipped", "failed", "running", "timeout", "waiting"),
        ),
        api("created_at", TIMESTAMP, "When the task was created.", "创建时间"),
        api("started_at", TIMESTAMP, "When the task started.", "任务开始时间"),
        api("ended_at", TIMESTAMP, "When the task ended. Null while it runs.", "任务结束时间"),
        api("updated_at", TIMESTAMP, "When the record last changed.", "修改时间"),
        api("checkpoint_id", STRING, "ID of the restore point.", "备份记录id"),
        api("policy_id", STRING, "ID of the policy that started the task.", "策略ID"),
        api("project_id", STRING, "ID of the project.", "项目ID"),
        api("provider_id", STRING, "ID of the backup provider."),
        api("vault_id", STRING, "ID of the vault.", "任务操作资源所属存储库ID"),
        api("vault_name", STRING, "Name of the vault.", "任务操作资源所属存储库名称"),
        Column("error_info_code", STRING, "Error code. Empty on success.", path=("error_info", "code")),
        Column("error_info_message", STRING, "Error message.", path=("error_info", "message")),
        api(_INFO, JSON, "Additional information, as received.", is_open=True),
        _info("ID of the resource.", "resource", "id"),
        _info("Name of the resource.", "resource", "name"),
        _info("Type of the resource.", "resource", "type"),
        _info("ID of the backup that was made.", "backup", "backup_id"),
        _info("Name of the backup that was made.", "backup", "backup_name"),
        _info("ID of the backup that was restored.", "restore", "backup_id"),
        _info("ID of the resource that was restored to.", "restore", "target_resource_id"),
        _info("ID of the backup that was deleted.", "delete", "backup_id"),
        _info("ID of the request, as in the audit trail.", "common", "request_id"),
        EXTRA,
    ),
)


def _checkpoint(name: str, kind: Type, doc: str, *path: str) -> Column:
    return Column(name, kind, doc, path=path or (name,))


CHECKPOINTS = Table(
    "cbr",
    "checkpoints",
    "One row per restore point of a run that had trouble.",
    ("scope", "snapshot_id", "id"),
    (
        SCOPE,
        READ_IN,
        api("id", STRING, "ID of the restore point.", "还原点ID", required=True),
        api("created_at", TIMESTAMP, "When the restore point was created.", "创建时间"),
        api("status", STRING, "Status of the restore point.", "状态"),
        api("project_id", STRING, "ID of the project.", "项目ID"),
        api("extra_info", JSON, "Additional information, as received.", is_open=True),
        api("vault", JSON, "The vault with its resources, as received.", is_open=True),
        _checkpoint("vault_id", STRING, "ID of the vault.", "vault", "id"),
        _checkpoint("vault_name", STRING, "Name of the vault.", "vault", "name"),
        EXTRA,
    ),
)

SKIPPED_RESOURCES = Table(
    "cbr",
    "skipped_resources",
    "One row per resource that a run left out.",
    ("scope", "snapshot_id", "checkpoint_id", "id"),
    (
        SCOPE,
        READ_IN,
        Column("checkpoint_id", STRING, "ID of the restore point.", required=True),
        api("id", STRING, "ID of the resource.", required=True),
        api("name", STRING, "Name of the resource."),
        api("type", STRING, "Type of the resource."),
        api("code", STRING, "Error code."),
        api("reason", STRING, "Why it was left out."),
        EXTRA,
    ),
)
